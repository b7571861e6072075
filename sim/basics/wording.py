"""How things are said: the name that was meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, names: Iterable[str]) -> str:
    """What to add to a message about an unknown name: `; did you mean "..."?`, or which names there are.

    >>> nearest("logut", ["deactivation", "logout"]), nearest("x", ["b", "a"]), nearest("x", [])
    ('; did you mean "logout"?', '; known here: a, b', '')
    """
    known = list(names)
    near = get_close_matches(name, known, 1, 0.5)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; known here: {', '.join(sorted(known))}" if known else ""


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


def shortened(text: str, most: int) -> str:
    """The text, or its beginning with three dots, at most so many characters."""
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."
