"""How well fitted laws follow a log: a figure."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.basics.distributions import Exponential, Law, Lognormal

Array = npt.NDArray[np.float64]
_COLOURS = {"log": "#000000", "fitted": "#0072B2", "exponential": "#D55E00", "lognormal": "#009E73"}
_DASHES = {"fitted": (4, 2), "exponential": (1, 1), "lognormal": (6, 2, 1, 2)}


def draw_goodness(
    log: str, think_s: Array, length_s: Array, requests: Array, law: Law, path: Path
) -> None:
    """Survival curves of think time, session length and requests per session, with distances (Kolmogorov-Smirnov).

    `law` is that of think times; `log` names the file they come from.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 3)
    panels = (
        ("think time, s", think_s, law),
        ("session length, s", length_s, None),
        ("requests per session", requests, None),
    )
    distances = [_panel(ax, *panel) for ax, panel in zip(axes, panels, strict=True)]
    think = distances[0]
    figure.suptitle(
        f"The fitted law follows the think times of {Path(log).name} (KS {think['fitted']:.2f});"
        f" exponential ({think['exponential']:.2f}) and lognormal ({think['lognormal']:.2f}) do not",
        fontsize=11,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _panel(ax: Any, label: str, sample: Array, law: Law | None) -> dict[str, float]:
    ordered = np.sort(np.maximum(sample, 0.5))
    above = 1 - np.arange(len(ordered)) / len(ordered)
    ax.step(ordered, above, where="post", color=_COLOURS["log"], lw=2.2, label="log")
    distances = {}
    for name, candidate in _candidates(np.maximum(sample, 0.5), law).items():
        u = (np.arange(2000) + 0.5) / 2000
        values = np.array([candidate.quantile(float(v)) for v in u])
        distances[name] = _distance(sample, values)
        text = f"{name} (KS {distances[name]:.2f})"
        ax.plot(
            np.maximum(values, 0.5), 1 - u, color=_COLOURS[name], dashes=_DASHES[name], label=text
        )
    ax.set(xscale="log", yscale="log", xlabel=label, ylim=(0.5 / len(sample), 1.3))
    ax.set_ylabel("share above")
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8, loc="lower left")
    return distances


def _candidates(sample: Array, law: Law | None) -> dict[str, Law]:
    logs = np.log(sample)
    median, sigma = math.exp(float(logs.mean())), max(float(logs.std()), 1e-6)
    laws: dict[str, Law] = {} if law is None else {"fitted": law}
    z = 1.6448536269514722
    laws["exponential"] = Exponential(mean=float(sample.mean()))
    laws["lognormal"] = Lognormal(median=median, p95=median * math.exp(z * sigma))
    return laws


def _distance(sample: Array, values: Array) -> float:
    """The largest gap between two distribution functions, of a sample and of a law's grid of quantiles."""
    points = np.union1d(sample, values)
    a = np.searchsorted(np.sort(sample), points, side="right") / len(sample)
    b = np.searchsorted(np.sort(values), points, side="right") / len(values)
    return float(np.abs(a - b).max())
