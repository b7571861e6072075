"""The name that was meant."""

from collections.abc import Iterable
from difflib import get_close_matches


class UnknownName(ValueError):
    """A name that nothing here has; the message holds the nearest that something has."""

    def __init__(self, what: str, name: object, names: Iterable[str]) -> None:
        super().__init__(f'there is no {what} "{name}"{nearest(str(name), names)}')


def known(what: str, name: str, names: Iterable[str]) -> str:
    """The name, if it is one of these. Raises UnknownName."""
    names = list(names)
    if name not in names:
        raise UnknownName(what, name, names)
    return name


def nearest(name: str, names: Iterable[str]) -> str:
    """What to add to a message about an unknown name: `; did you mean "..."?`, or which names there are.

    >>> nearest("logut", ["deactivation", "logout"]), nearest("x", ["b", "a"]), nearest("x", [])
    ('; did you mean "logout"?', '; known here: a, b', '')
    """
    names = list(names)
    known_here = f"; known here: {', '.join(sorted(names))}" if names else ""
    return meant(name, names) or known_here


def meant(name: str, names: Iterable[str]) -> str:
    """`; did you mean "..."?`, or nothing where no name is near."""
    near = get_close_matches(name, list(names), 1, 0.5)
    return offered(near[0]) if near else ""


def offered(name: str) -> str:
    """A name that is probably meant, as an end of a message."""
    return f'; did you mean "{name}"?'


def shortened(text: str, most: int) -> str:
    """The text, or its beginning with three dots, at most so many characters."""
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."
