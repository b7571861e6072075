"""How well fitted laws follow a log: a figure."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from sim.basics.distributions import Exponential, Law, Lognormal
from sim.workload.sample import Array, Sample

_FOLLOWS = 0.05  # the distance up to which a law is said to follow
_COLOURS = {"log": "#000000", "fitted": "#0072B2", "exponential": "#D55E00", "lognormal": "#009E73"}
_DASHES = {"fitted": (4, 2), "exponential": (1, 1), "lognormal": (6, 2, 1, 2)}


def draw_goodness(
    log: str, think_s: Sample, length_s: Sample, requests: Sample, law: Law, path: Path
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
    figure.suptitle(finding(distances[0], log), fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def finding(distances: dict[str, float], name: str) -> str:
    """The finding about think times: which laws follow them, by their distance (Kolmogorov-Smirnov)."""
    near = {law: distance <= _FOLLOWS for law, distance in distances.items()}
    fitted, shown = distances["fitted"], {k: f"{k} ({d:.2f})" for k, d in distances.items()}
    textbook = [law for law in distances if law != "fitted"]
    follow = [shown[law] for law in textbook if near[law]]
    rest = [shown[law] for law in textbook if not near[law]]
    verb = "follows" if near["fitted"] else "only comes near"
    begin = f"The fitted law {verb} the think times of {name} (KS {fitted:.2f})"
    if not follow:
        return f"{begin}; {' and '.join(rest)} do not"
    if not near["fitted"]:
        others = f", {rest[0]} does not" if rest else ""
        return f"{begin}; {' and '.join(follow)} follow{'s' if rest else ''} them{others}"
    if not rest:
        return f"{begin}; so do {' and '.join(follow)}"
    return f"{begin}; so does {follow[0]}, {rest[0]} does not"


def _panel(ax: Any, label: str, sample: Sample, law: Law | None) -> dict[str, float]:
    values, counts = np.maximum(sample.values, 0.5), sample.counts
    above = 1 - (counts.cumsum() - counts) / counts.sum()
    ax.step(values, above, where="post", color=_COLOURS["log"], lw=2.2, label="log")
    distances = {}
    for name, candidate in _candidates(values, counts, law).items():
        u = (np.arange(2000) + 0.5) / 2000
        drawn = np.array([candidate.quantile(float(v)) for v in u])
        distances[name] = _distance(sample, drawn)
        text = f"{name} (KS {distances[name]:.2f})"
        ax.plot(
            np.maximum(drawn, 0.5), 1 - u, color=_COLOURS[name], dashes=_DASHES[name], label=text
        )
    ax.set(xscale="log", yscale="log", xlabel=label, ylim=(0.5 / len(sample), 1.3))
    ax.set_ylabel("share above")
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8, loc="lower left")
    return distances


def _candidates(values: Array, counts: "np.ndarray[Any, Any]", law: Law | None) -> dict[str, Law]:
    logs = np.log(values)
    centre = float(np.average(logs, weights=counts))
    sigma = max(float(np.sqrt(np.average((logs - centre) ** 2, weights=counts))), 1e-6)
    median = math.exp(centre)
    laws: dict[str, Law] = {} if law is None else {"fitted": law}
    z = 1.6448536269514722
    laws["exponential"] = Exponential(mean=float(np.average(values, weights=counts)))
    laws["lognormal"] = Lognormal(median=median, p95=median * math.exp(z * sigma))
    return laws


def _distance(sample: Sample, drawn: Array) -> float:
    """The largest gap between two distribution functions, of a sample and of a law's grid of quantiles."""
    points = np.union1d(sample.values, drawn)
    ends = np.append(0, sample.counts.cumsum()) / len(sample)
    a = ends[np.searchsorted(sample.values, points, side="right")]
    b = np.searchsorted(np.sort(drawn), points, side="right") / len(drawn)
    return float(np.abs(a - b).max())
