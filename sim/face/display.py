"""How results show themselves in a notebook and on a terminal: tables, text, a bar while they are made."""

import html
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, Self

Report = Callable[[float, int], None]


class FromBelow:
    """A result of a room below, with a display: a subclass of its class."""

    @classmethod
    def of(cls, found: Any) -> Self:
        """The same result."""
        return cls(**{field.name: getattr(found, field.name) for field in fields(found)})


def table(caption: str, content: tuple[Sequence[str], Sequence[Sequence[str]]]) -> str:
    """Head and rows of text as an HTML table."""
    head, rows = content
    top = "".join(f"<th style='text-align:right'>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>"
        + f"<th style='text-align:left'>{html.escape(row[0])}</th>"
        + "".join(f"<td style='text-align:right'>{html.escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption style='text-align:left'>{html.escape(caption)}</caption>"
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )


def preformatted(text: str) -> str:
    """Text in columns, which scrolls where it is too wide."""
    return f"<pre style='overflow-x:auto'>{html.escape(text)}</pre>"


@contextmanager
def bar(wanted: bool) -> Iterator[Report | None]:
    """A bar in a notebook or on a terminal for what takes longer than a second; nothing where output goes to a file."""
    if not wanted or not ("ipykernel" in sys.modules or sys.stderr.isatty()):
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(total=1.0, unit="", delay=1.0, leave=False, bar_format="{percentage:3.0f}% {bar} {remaining} left") as shown:  # fmt: skip
        yield lambda done, cells: shown.update(done / cells - shown.n)
