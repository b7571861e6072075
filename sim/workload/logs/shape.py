"""The shape of a line: a pattern (RE2, as Arrow runs it) whose groups are fields, or columns that may be named."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A pattern, a faster one for the plainest lines, and one that also finds the user agent.

    The faster one may have a group `one__other` for two fields with one blank between. Where `spaced`, a user may have spaces: groups `before` and `ident` tell what stands between him and the client.
    """

    pattern: str
    plain: str | None = None
    with_agent: str | None = None
    spaced: bool = False

    def names(self) -> list[str]:
        """The groups that are columns."""
        return list(re.compile(self.with_agent or self.pattern).groupindex)


def unnamed(pattern: str, kept: set[str]) -> str:
    """The pattern with only these groups captured: what is not captured costs nothing."""
    return re.sub(r"\(\?P<(\w+)>", lambda match: match[0] if match[1] in kept else "(?:", pattern)
