"""One compared figure, and when it agrees."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z_LIMIT = 4.5  # a false alarm is 7e-6 a figure, below 1e-3 for all together
READ, SECONDARY, DERIVED = "read", "secondary", "derived"


@dataclass(frozen=True)
class Line:
    """A figure from theory, from print, from simulation; whichever there are must agree.

    `error` is the standard error of `simulated`; without it the simulation must equal theory to `tolerance`.
    `published` is kept as printed: theory must round to it. `at_most`: theory is a bound. `source` says where the
    published figure or the form comes from, `grade` whether that was read, known from notes, or derived here.
    """

    group: str
    name: str
    theory: float
    published: str | None = None
    simulated: float | None = None
    error: float | None = None
    tolerance: float = 1e-9
    at_most: bool = False
    source: str = ""
    grade: str = DERIVED

    @property
    def z(self) -> float | None:
        """Standard errors between simulation and theory; None where the comparison is exact."""
        if self.simulated is None or self.error is None:
            return None
        gap = self.simulated - self.theory
        if self.error == 0:
            return 0.0 if abs(gap) <= self.tolerance * max(1.0, abs(self.theory)) else math.inf
        return gap / self.error

    @property
    def agrees(self) -> bool:
        """Whether all that is known of the figure fits."""
        return self._simulation_fits() and (self.published is None or self._print_fits())

    def _simulation_fits(self) -> bool:
        if self.simulated is None:
            return True
        if self.at_most:
            return self.simulated <= self.theory * (1 + 1e-12)
        if self.error is not None:
            return abs(self.z or 0.0) <= Z_LIMIT
        return math.isclose(
            self.simulated, self.theory, rel_tol=self.tolerance, abs_tol=self.tolerance
        )

    def _print_fits(self) -> bool:
        printed = self.published or ""
        value = float(printed)
        if self.at_most:
            return value <= self.theory
        mantissa = printed.lower().partition("e")[0]
        decimals = len(mantissa.partition(".")[2])
        exponent = int(printed.lower().partition("e")[2] or 0)
        return abs(value - self.theory) <= 0.5000001 * 10.0 ** (exponent - decimals)


def mean_line(
    group: str, name: str, theory: float, values: "Sequence[float] | npt.NDArray[np.float64]"
) -> Line:
    """Independent values whose mean is known."""
    sample = np.asarray(values, dtype=float)
    error = float(sample.std(ddof=1)) / math.sqrt(len(sample))
    return Line(group, name, theory, simulated=float(sample.mean()), error=error)


def share_line(group: str, name: str, theory: float, hits: Sequence[bool]) -> Line:
    """Independent events whose probability is known; the error is that of the known probability."""
    n = len(hits)
    error = math.sqrt(theory * (1 - theory) / n)
    return Line(group, name, theory, simulated=float(np.mean(hits)), error=error)


HEAD = ("figure", "theory", "published", "simulated", "z", "")
WIDTHS = (62, 12, 10, 12, 6, 8)


def head() -> str:
    """The first line of the table."""
    return _row(HEAD)


def text(line: Line) -> str:
    """One line of the table."""
    if line.z is None:
        z = "<=" if line.at_most else ("exact" if line.simulated is not None else "")
    else:
        z = f"{line.z:+.2f}"
    return _row(
        (
            f"{line.group}: {line.name}",
            number(line.theory),
            line.published or "",
            "" if line.simulated is None else number(line.simulated),
            z,
            "agrees" if line.agrees else "DISAGREES",
        )
    )


def number(value: float) -> str:
    """Seven digits, as in the tables of the sources."""
    return f"{value:.7g}"


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    return "  ".join(
        [first.ljust(WIDTHS[0]), *(c.rjust(w) for c, w in zip(others, WIDTHS[1:], strict=True))]
    ).rstrip()


Lines = Iterator[Line]
