"""Who makes the request that is being answered, as the platform has authenticated them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_CALLER = ContextVar("caller", default="unknown")


def current_caller() -> str:
    """The caller of the request that this thread answers; `unknown` outside of one."""
    return _CALLER.get()


@contextmanager
def calling(caller: str) -> Iterator[None]:
    """While the request of this caller is answered."""
    token = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(token)


def caller_of(request_context: Mapping[str, Any]) -> str:
    """The subject of API Gateway's JWT authorizer, or the ARN of its IAM authorizer; `unknown` without either."""
    authorizer = request_context.get("authorizer") or {}
    claims = (authorizer.get("jwt") or {}).get("claims") or {}
    iam = authorizer.get("iam") or {}
    return str(claims.get("sub") or iam.get("userArn") or "unknown")
