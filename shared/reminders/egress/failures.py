"""What can become of an unanswered exchange. Each names the host at most: a URL may hold a secret."""


class EgressFailure(Exception):
    """The root of the three."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(f"{host}: {why}" if host else why)
        self.host = host
        self.why = why


class EgressRefused(EgressFailure):
    """The guard does not let this URL through; nothing was connected, and another time would change nothing."""


class EgressFailed(EgressFailure):
    """It failed before any of the request was written."""


class EgressUnknown(EgressFailure):
    """It failed after the request had begun to be written: the receiver may have taken it."""
