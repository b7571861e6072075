"""Rollback against egress: per strategy the writes that a rollback repairs beside reads that nothing brings back."""

from collections.abc import Sequence

import numpy as np

from sim.basics.statistics import Estimate
from sim.plot.style import Picture, canvas, columns, headline, is_narrow
from sim.results.study import Study

# metric, words, colour, hatch: told apart in grey too
PARTS = (
    ("unauthorised_reads", "reads: nothing brings them back", "#D55E00", ""),
    ("beyond", "writes and administration beyond repair", "#000000", "//"),
    ("recoverable_writes", "writes that a rollback repairs", "#56B4E9", ".."),
)


def rollback_against_egress(study: Study, strategies: Sequence[str] | None = None) -> Picture:
    """Mean requests per case after the revocation, by what can be made good, with 95 % intervals.

    Raises ValueError where there is no case.
    """
    if not len(study.cases):
        raise ValueError("the study has no case")
    names = list(strategies or study.ranked())
    picture, ax = canvas(8.4, 1.6 + 0.5 * len(names))
    found = {name: parts_of(study, name) for name in names}
    for i, (part, words, colour, hatch) in enumerate(PARTS):
        y = np.arange(len(names)) + 0.27 * (i - 1)
        values = [found[name][part].value for name in names]
        ax.barh(y, values, 0.25, color=colour, hatch=hatch, ec="white", lw=0.4, label=words)
        for at, name in zip(y, names, strict=True):
            e = found[name][part]
            if e.low is not None and e.high is not None:
                ax.plot([max(0.0, e.low), e.high], [at, at], color="#555555", lw=1.0)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(left=0)
    gap = "\n" if is_narrow() else " "
    ax.set_xlabel(
        f"requests per case that get through{gap}after the revocation, mean; {study.persons_text()}"
    )
    ax.grid(axis="x", alpha=0.25)
    ax.legend(loc="upper center", bbox_to_anchor=(0.42, -0.9 / (1.6 + 0.5 * len(names))), ncols=columns(3), frameon=False, fontsize=8.5)  # fmt: skip
    headline(
        ax,
        _finding(found),
        "Three bars a strategy: reads, what no rollback repairs, what one repairs.",
        86,
    )
    return picture


def parts_of(study: Study, name: str) -> dict[str, Estimate]:
    """Means per case over all causes: reads, writes that a rollback repairs, and writes beyond it with administration."""
    reads, repaired, writes, admin = (
        study.pooled(name, metric)
        for metric in ("unauthorised_reads", "recoverable_writes", "unauthorised_writes", "unauthorised_admin")
    )  # fmt: skip
    beyond = max(0.0, writes.value - repaired.value + admin.value)
    return {
        "unauthorised_reads": reads,
        "recoverable_writes": repaired,
        "beyond": Estimate(beyond, None, None, writes.n),
    }


def _finding(found: dict[str, dict[str, Estimate]]) -> str:
    worst = max(found, key=lambda name: found[name]["unauthorised_reads"].value)
    parts = found[worst]
    reads, repaired, beyond = (parts[part].value for part in ("unauthorised_reads", "recoverable_writes", "beyond"))  # fmt: skip
    if not reads + repaired + beyond:
        return "Nothing gets through: there is nothing to roll back"
    return (
        f"Under {worst} {reads:.2g} reads a case leave for good; a rollback repairs {repaired:.2g} writes"
        f" and leaves {beyond:.2g} requests as they are"
    )
