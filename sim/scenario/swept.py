"""Which values of a sweep no cell can take: the values of one cell are judged together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

MOST_VALUES = 200  # of one path; of a longer list's numbers only the ends are tried
MOST_CELLS = 2_000  # that are tried for all values which do not fit alone

Values = Mapping[str, Sequence[Any]]
Fits = Callable[[dict[str, Any]], str | None]  # changes -> what is wrong with them, if anything


def misfits(
    values: Values, method: Any, strategies: Sequence[str], wrong: Fits
) -> list[tuple[str, Any, str]]:
    """(path, value, what is wrong) of each value that fits neither alone nor in any cell that holds it.

    A cell whose values do not fit, though each of them fits in another cell, is left to fail by itself.
    """
    alone = [
        (path, value, message)
        for path, listed in values.items()
        for value in tried(listed)
        if (message := wrong({path: value})) is not None
    ]
    most = max(20, MOST_CELLS // max(1, len(alone)))
    return [
        (path, value, message)
        for path, value, message in alone
        if all(map(wrong, islice(_beside(path, value, values, method, strategies), most)))
    ]


def touches(path: str, strategy: str) -> bool:
    """Whether a swept path can change a strategy's figures."""
    head, _, rest = path.partition(".")
    return head != "strategies" or rest.split(".")[0] == strategy


def tried(values: Sequence[Any]) -> Sequence[Any]:
    """All values of a short list; of a long one's numbers only the ends: trying 10,000 would take many seconds."""
    if len(values) <= MOST_VALUES:
        return values
    kept = [v for v in values if type(v) not in (int, float)]
    for kind in (int, float):
        numbers = [v for v in values if type(v) is kind]
        kept += [min(numbers), max(numbers)] if numbers else []
    return kept


def _beside(
    path: str, value: Any, values: Values, method: Any, strategies: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """A value beside others of its cells: of each strategy that its path touches, pairs before whole cells.

    Of a hypercube, whose points lie between the values, its corners.
    """
    together = dict.fromkeys(_others(path, values, one) for one in strategies if touches(path, one))
    for others in filter(None, together):
        if method == "zip":
            for n, one in enumerate(values[path]):
                if one == value:
                    yield {path: value, **{o: values[o][n] for o in others if n < len(values[o])}}
            continue
        for other in others:
            yield from ({path: value, other: one} for one in values[other])
        for cell in product(*(values[other] for other in others)):
            yield {path: value, **dict(zip(others, cell, strict=True))}


def _others(path: str, values: Values, strategy: str) -> tuple[str, ...]:
    return tuple(other for other in values if other != path and touches(other, strategy))
