"""SQL as it is typed: where a statement ends, and whether it changes every row. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# What may hold a semicolon or a word that means nothing there: comments, texts, quoted names, and dollar quotes.
_PIECE = re.compile(
    r"""
      (?P<line>--[^\n]*)
    | (?P<open>/\*)
    | (?P<escaped>\b[eE]'(?:[^'\\]|''|\\.)*(?P<escaped_end>'|\Z))
    | (?P<text>'(?:[^']|'')*(?P<text_end>'|\Z))
    | (?P<name>"(?:[^"]|"")*(?P<name_end>"|\Z))
    | (?P<dollar>(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<end>;)
    | (?P<other>[()])
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*|\*/")


class _Token(NamedTuple):
    text: str  # a word in upper case, a sign, or '' for what is quoted
    end: int  # where it ends
    is_whole: bool  # it has ended, and does not go on in the next line


def first_statement(typed: str) -> tuple[str, str] | None:
    """The first statement, with its semicolon, and what comes after it; None as long as it has not ended."""
    for token in _tokens(typed):
        if token.text == ";":
            return typed[: token.end].strip(), typed[token.end :]
    return None


def is_blank(typed: str) -> bool:
    """Whether nothing but blanks and comments has been typed so far."""
    if any(token.text or not token.is_whole for token in _tokens(typed)):
        return False
    return not re.sub(r"--[^\n]*|/\*.*\*/", "", typed, flags=re.DOTALL).strip()


def changes_every_row(statement: str) -> str | None:
    """`UPDATE` or `DELETE` when one in the statement has no WHERE of its own, also within WITH; or `TRUNCATE`."""
    levels: list[str | None] = [None]  # by parenthesis: the verb that still lacks its WHERE
    before = ""
    for word in (token.text for token in _tokens(statement) if token.text):
        if word == "(":
            levels.append(None)
        elif word in (")", ";"):
            if lacking := levels.pop():
                return lacking
            levels = levels or [None]
        elif word == "WHERE":
            levels[-1] = None
        elif _begins(word, before):
            levels[-1] = word
        before = word
    return next((lacking for lacking in levels if lacking), None)


def _begins(word: str, before: str) -> bool:
    """Whether this is the verb of a statement, and not of a clause: FOR UPDATE, ON UPDATE, DO UPDATE, GRANT UPDATE."""
    return word in ("UPDATE", "DELETE", "TRUNCATE") and before in ("", "(", ")", ";", "ANALYZE", "VERBOSE", "AS")


def _tokens(typed: str) -> Iterator[_Token]:
    at = 0
    while match := _PIECE.search(typed, at):
        kind = str(match.lastgroup)
        at = match.end()
        if match["open"]:
            end = _end_of_comment(typed, at)
            at = len(typed) if end is None else end
            yield _Token("", at, is_whole=end is not None)
        elif match["dollar"]:
            end = typed.find(match["dollar"], at)
            at = len(typed) if end < 0 else end + len(match["dollar"])
            yield _Token("''", at, is_whole=end >= 0)
        elif match["word"] or kind in ("end", "other"):
            yield _Token(match[0].upper(), at, is_whole=True)
        elif not match["line"]:
            is_whole = bool(match["escaped_end"] or match["text_end"] or match["name_end"])
            yield _Token("''", at, is_whole=is_whole)


def _end_of_comment(typed: str, at: int) -> int | None:
    """Where it ends, if it does: comments nest."""
    depth = 1
    while depth and (match := _COMMENT.search(typed, at)):
        depth += 1 if match[0] == "/*" else -1
        at = match.end()
    return None if depth else at
