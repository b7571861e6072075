"""The cells of the coverage record that stay open: nothing ends access for this cause and kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from sim.coverage import Cover, coverage
from sim.model.causes import CAUSE_HEADS, CAUSES, KINDS
from sim.model.strategies import Strategy
from sim.scenario import Scenario


@dataclass(frozen=True)
class Cell:
    """A cause and a kind of request; `kind` is None for every kind that the cause takes away. `of`: which carrier."""

    cause: str
    kind: str | None = None
    of: str | None = None


def open_cells(scenario: Scenario, strategy: Strategy) -> tuple[Cell, ...]:
    """What the settings of a strategy leave open, in the order of the model."""
    rows = coverage(scenario, {strategy.name: strategy})
    found: list[Cell] = []
    for cause in CAUSES:
        worst, *parts = [row for row in rows if row.cause == cause]
        if not worst.covered:
            carrier = _only_open(parts)
            open_kinds = [kind for kind in KINDS if _is_open(parts, kind)]
            found += [Cell(cause, kind, carrier) for kind in open_kinds]
            found += [] if open_kinds else [Cell(cause, None, carrier)]
    return tuple(found)


def _is_open(parts: Sequence[Cover], of: str) -> bool:
    return any(row.of == of and not row.covered for row in parts)


def _only_open(parts: Sequence[Cover]) -> str | None:
    """The carrier that is open while others are not."""
    carriers = [row for row in parts if row.of not in KINDS]
    found = [row.of for row in carriers if not row.covered]
    return found[0] if 0 < len(found) < len(carriers) else None


def cells_text(cells: Sequence[Cell]) -> str:
    """For instance `permission lost (read, write), logout`; empty where nothing is open."""
    return ", ".join(
        _cause_text(cause, [cell for cell in cells if cell.cause == cause])
        for cause in dict.fromkeys(cell.cause for cell in cells)
    )


def _cause_text(cause: str, cells: Sequence[Cell]) -> str:
    parts = [" ".join(filter(None, (cell.kind, cell.of))) for cell in cells]
    within = ", ".join(part for part in parts if part)
    return CAUSE_HEADS[cause] + (f" ({within})" if within else "")
