"""What a browser may ask of a server on its own machine, on behalf of pages that come from anywhere.

Another's name can be made to lead to 127.0.0.1 (DNS rebinding), so a request must name this machine as its host; and a
page of another origin can send simple requests, so it may not change anything.
"""

from collections.abc import Mapping

from reminders.api.refusals import ForeignOrigin, Misdirected

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_SAFE = ("GET", "HEAD", "OPTIONS")
_OF_THIS_ORIGIN = ("same-origin", "none")  # none: typed, or opened from a bookmark
_DEFAULT_PORT = 80


def check(method: str, headers: Mapping[str, str], bound: tuple[str, int]) -> None:
    """Misdirected or ForeignOrigin for what does not come from here; `bound` is where the server listens.

    Clients that are no browsers send neither Origin nor Sec-Fetch-Site, and very old ones no Host.
    """
    host, port = bound
    places = {f"{name}:{port}" for name in (*_LOOPBACK, f"[{host}]" if ":" in host else host)}
    if port == _DEFAULT_PORT:
        places |= {place.removesuffix(f":{port}") for place in places}
    if "host" in headers and headers["host"].lower() not in places:
        raise Misdirected
    if method in _SAFE:
        return
    if "origin" in headers and headers["origin"].lower().removeprefix("http://") not in places:
        raise ForeignOrigin
    if headers.get("sec-fetch-site", "none").lower() not in _OF_THIS_ORIGIN:
        raise ForeignOrigin
