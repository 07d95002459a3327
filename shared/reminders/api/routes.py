"""Finds the operation that a request asks for."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from reminders.api.operations import Operation
from reminders.api.refusals import UnknownPath, WrongMethod


class Found(NamedTuple):
    """An operation, and what stands in the path in place of its parameters, still percent-encoded."""

    operation: Operation
    in_path: dict[str, str]


class Routes:
    """All operations of the API by path and method."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = tuple(operations)
        paths: dict[str, dict[str, Operation]] = {}
        for operation in self._operations:
            paths.setdefault(operation.path, {})[operation.method] = operation
        self._paths: defaultdict[int, list[tuple[list[str], dict[str, Operation]]]] = defaultdict(list)
        for path, methods in paths.items():
            template = path.split("/")
            self._paths[len(template)].append((template, methods))

    def find(self, method: str, path: str) -> Found:
        """The operation for a path whose segments are percent-encoded; UnknownPath or WrongMethod.

        HEAD is answered wherever GET is, by the same operation.
        """
        segments = path.split("/")
        for template, methods in self._paths.get(len(segments), ()):
            in_path = _match(template, segments)
            if in_path is None:
                continue
            asked = "GET" if method == "HEAD" else method
            if asked not in methods:
                raise WrongMethod(sorted({*methods, "HEAD"} if "GET" in methods else methods))
            return Found(operation=methods[asked], in_path=in_path)
        raise UnknownPath

    def warm_up(self) -> None:
        """Works out all arguments. A server with threads does it first: pydantic and Powertools work one out at its
        first use, and two threads must not do that at once."""
        for operation in self._operations:
            operation.arguments  # noqa: B018


def _match(template: list[str], segments: list[str]) -> dict[str, str] | None:
    """What the parameters of a template stand for in a path of the same length; None when the two do not match."""
    in_path: dict[str, str] = {}
    for expected, segment in zip(template, segments, strict=True):
        if expected.startswith("<") and segment:
            in_path[expected[1:-1]] = segment
        elif segment != expected:
            return None
    return in_path
