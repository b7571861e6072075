"""The settings of a comparison or of a sweep as points: what each was set to, and the figures that the page can show."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.basics.statistics import quantile
from sim.model.causes import CAUSE_HEADS, CAUSES
from sim.scenario.model import Goals
from sim.verdict.cells import cells_text
from sim.verdict.goals import STAND_INS
from sim.verdict.words import why_not

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.study import Study
    from sim.verdict.record import Row, Verdict

_NO_END_S = 1e15  # stands for infinity while quantiles are interpolated
STAND_INS_AS_READ = Goals.model_validate(STAND_INS).model_dump(by_alias=True)
SHOWN = frozenset(
    [("exposure", s) for s in ("mean", "p50", "p95", "p99", "max")]
    + [("auth_overhead", s) for s in ("mean", "p95", "p99")]
    + [("response", s) for s in ("mean", "p95", "p99")]
    + [("host_calls", "mean"), ("host_calls", "max"), ("interruptions", "mean"), ("honest_refused", "mean")]
)  # fmt: skip


def data_of(folder: Path) -> dict[str, Any]:
    """What the page shows of a folder: title, question, goals, causes, swept paths with their values, points.

    Raises ValueError where the folder is neither of `lastclick compare --out` nor of `lastclick sweep --out`.
    """
    from sim.results.store import read_study, read_sweep
    from sim.verdict.store import read_verdict

    if (folder / "results").is_dir():
        return _of_sweep(*read_sweep(folder))
    try:
        return of_study(read_study(folder), read_verdict(folder))
    except ValueError as error:
        raise ValueError(f"{error} (or `lastclick sweep SCENARIO --out FOLDER`)") from None


def of_study(study: "Study", verdict: "Verdict") -> dict[str, Any]:
    """What the page shows of a comparison that was judged."""
    rows = study.results.assign(cell=study.results["strategy"])
    bounds = {name: {c: _finite(study.bound_s(name, c)) for c in CAUSES} for name in study.names}
    points = _points(rows, {}, study.manifest["resolved"]["strategies"], bounds)
    for point in points:
        row = verdict.row(point["strategy"])
        point["bound"]["all"] = _worst(point["bound"], study.causes)
        point["figures"] |= _over_all_cases(study, row.strategy) | _as_judged(row)
        point["open"] = cells_text(row.open)
        point["failed"] = [f"{goal.text}: {goal.shown}" for goal in row.failed]
        point["why"] = why_not(row)
    found = _data(study.manifest, {}, points)
    return found | {"all": "all cases", "use": verdict.use, "judged": True}


def _as_judged(row: "Row") -> dict[str, list[float | None]]:
    """What goals over all cases were judged by: virtual cases where they can be read, of which the tables hold causes alone."""
    judged = [goal for goal in row.goals if goal.key.startswith("goals.exposure_")]
    return {
        f"exposure.{goal.key.removeprefix('goals.exposure_')}.all": [_finite(goal.value), _finite(goal.low), _finite(goal.high)]
        for goal in judged
    }  # fmt: skip


def _worst(bounds: Mapping[str, float | None], causes: Sequence[str]) -> float | None:
    known = [bounds[cause] for cause in causes]
    return None if None in known else max((b for b in known if b is not None), default=None)


def _over_all_cases(study: "Study", name: str) -> dict[str, list[float | None]]:
    """Exposure over the cases of all causes together, as a goal without a cause judges it; null where it has no end."""
    asked = {s: study.find(name, "exposure", s) for s in ("mean", "p50", "p95", "p99", "max")}
    if all(e is not None for e in asked.values()):
        return {
            f"exposure.{s}.all": [_finite(v) for v in (e.value, e.low, e.high)]
            for s, e in asked.items()
            if e is not None
        }
    cases = study.cases[study.cases["strategy"] == name]
    values = np.where(cases["censored"], cases["bound_s"], cases["exposure_s"]).astype(float)
    if not len(values):
        return {}
    runs = int(study.manifest["replications"])
    found: dict[str, list[float | None]] = {"max": [_finite(values.max()), None, None]}
    pooled = study.pooled(name, "exposure")
    ends = bool(np.isfinite(values).all())
    found["mean"] = [_finite(v) if ends else None for v in (pooled.value, pooled.low, pooled.high)]
    for statistic, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        e = quantile(np.minimum(values, _NO_END_S), q, runs)
        found[statistic] = [
            None if v is None or v >= _NO_END_S / 2 else _finite(v)
            for v in (e.value, e.low, e.high)
        ]
    return {f"exposure.{statistic}.all": figure for statistic, figure in found.items()}


def _of_sweep(rows: "pd.DataFrame", manifest: Mapping[str, Any]) -> dict[str, Any]:
    paths = {p: _values(rows[p]) for p in manifest["paths"] if p in rows.columns}
    bound_rows = rows[(rows["metric"] == "bound") & rows["of"].isna()]
    bounds: dict[str, dict[str, float | None]] = {}
    for cell, cause, value in bound_rows[["cell", "cause", "estimate"]].itertuples(index=False):
        bounds.setdefault(cell, {})[cause] = _finite(value)
    points = _points(rows, paths, manifest["resolved"]["strategies"], bounds)
    found = _data(manifest, paths, points)
    for point in points:
        open_ = [c for c in CAUSES if c in point["bound"] and point["bound"][c] is None]
        point["bound"]["all"] = _worst(point["bound"], found["causes"])
        point["figures"] |= _of_the_worst_cause(point["figures"], found["causes"])
        point["open"] = ", ".join(CAUSE_HEADS[c] for c in open_)
    return found | {"all": "the worst cause", "use": None, "judged": False}


def _of_the_worst_cause(
    figures: Mapping[str, list[float | None]], causes: Sequence[str]
) -> dict[str, list[float | None]]:
    found = {}
    for statistic in ("mean", "p50", "p95", "p99", "max"):
        known = [figures[key] for c in causes if (key := f"exposure.{statistic}.{c}") in figures]
        if known:
            found[f"exposure.{statistic}.all"] = max(known, key=lambda figure: figure[0] or 0.0)
    return found


def _points(
    rows: "pd.DataFrame",
    paths: Mapping[str, Any],
    strategies: Mapping[str, Any],
    bounds: Mapping[str, Mapping[str, float | None]],
) -> list[dict[str, Any]]:
    pairs = zip(rows["metric"], rows["statistic"], strict=True)
    wanted = np.array([pair in SHOWN for pair in pairs], dtype=bool)
    kept = rows[rows["of"].isna().to_numpy() & wanted]
    points = []
    for cell, own in kept.groupby("cell", sort=False):
        first = own.iloc[0]
        name = str(first["strategy"])
        figures = {
            ".".join([m, s, *([c] if isinstance(c, str) else [])]): [_finite(e), _finite(low), _finite(high)]
            for m, s, c, e, low, high in own[
                ["metric", "statistic", "cause", "estimate", "low", "high"]
            ].itertuples(index=False)
        }  # fmt: skip
        settings = {path: _plain(first[path]) for path in paths if _plain(first[path]) is not None}
        points.append(
            {
                "strategy": name,
                "family": _family(strategies.get(name) or {}),
                "settings": settings,
                "bound": dict(bounds.get(str(cell), {})),
                "figures": figures,
            }
        )
    return points


def _data(
    manifest: Mapping[str, Any], paths: Mapping[str, Any], points: list[dict[str, Any]]
) -> dict[str, Any]:
    scenario = manifest["scenario"]
    causes = [c for c in CAUSES if any(f"exposure.mean.{c}" in p["figures"] for p in points)]
    if not points or not causes:
        raise ValueError("there is no case in these results to explore")
    return {
        "title": scenario.get("title") or "A study without a title",
        "question": scenario.get("question") or manifest["resolved"].get("question") or "",
        "id": scenario["id"],
        "seed": manifest["seed"],
        "replications": manifest["replications"],
        "version": manifest.get("version", ""),
        "goals": manifest["resolved"].get("goals") or STAND_INS_AS_READ,
        "assumed": not manifest["resolved"].get("goals"),
        "causes": causes,
        "paths": paths,
        "points": points,
    }


def _family(strategy: Mapping[str, Any]) -> str:
    """As `sim.results.study.family_of`, from the table of a manifest."""
    has = {key: strategy.get(key) is not None for key in ("token", "allowlist", "check", "push")}
    if has["push"] and has["check"]:
        return "mixed"
    return next((key for key in ("push", "check", "allowlist", "token") if has[key]), "none")


def _values(column: "pd.Series[Any]") -> list[Any]:
    """The values of a swept path, in order."""
    return sorted({_plain(v) for v in column.dropna()}, key=lambda v: (isinstance(v, str), v))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return _finite(value)


def _finite(value: Any) -> float | None:
    return (
        None if value is None or not math.isfinite(float(value)) else float(f"{float(value):.6g}")
    )
