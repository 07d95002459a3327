"""What Lambda hands a handler beside the event."""


class LambdaContext:
    """A context with so many milliseconds left."""

    function_name = "reminders-dev-scheduler"
    function_version = "$LATEST"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:reminders-dev-scheduler"
    aws_request_id = "2b4f8c1e-1c5d-4a0e-9d6c-0f5f7d1d2e3a"

    def __init__(self, remaining_milliseconds: int = 30_000) -> None:
        self._remaining = remaining_milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining
