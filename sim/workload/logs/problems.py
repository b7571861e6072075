"""What is wrong with a log: an error where nothing can be used, a count and a few samples where some lines cannot."""

from collections import Counter
from dataclasses import dataclass, field

_SHOWN = 5  # bad lines kept to be shown


class LogError(ValueError):
    """A log in which nothing can be used; the message names the file and what was missing."""


@dataclass
class BadLines:
    """What could not be read: how much of it, why, and the first few lines.

    `source` stands before the number of a line where there are several files. Where `veiled`, no text is kept.
    """

    source: str = ""
    veiled: bool = False
    count: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)

    def add(self, line: int, reason: str, text: str | None = None) -> None:
        """Note a line; `text` is shown shortened, with signs that a terminal would obey escaped."""
        self.count += 1
        self.reasons[reason] += 1
        if self.open:
            shown = "" if text is None or self.veiled else ": " + printable(text.strip())
            self.first.append(f"{self.source}line {line}: {reason}{shown}")

    def add_more(self, count: int, reason: str) -> None:
        """Note lines of which no more is to be shown."""
        self.count += count
        self.reasons[reason] += count

    @property
    def open(self) -> bool:
        """Whether further lines are to be shown."""
        return len(self.first) < _SHOWN


def printable(text: str, most: int = 80) -> str:
    """Text cut to `most` signs, with control signs escaped."""
    cut = text[:most] + ("..." if len(text) > most else "")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
