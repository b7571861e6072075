"""The settings of a comparison or of a sweep as points: what each was set to, and the figures that the page can show."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.model.causes import CAUSES

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.study import Study

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

    if (folder / "results").is_dir():
        return _of_sweep(*read_sweep(folder))
    try:
        return _of_study(read_study(folder))
    except ValueError as error:
        raise ValueError(f"{error} (or `lastclick sweep SCENARIO --out FOLDER`)") from None


def _of_study(study: "Study") -> dict[str, Any]:
    rows = study.results.assign(cell=study.results["strategy"])
    bounds = {name: {c: _finite(study.bound_s(name, c)) for c in CAUSES} for name in study.names}
    points = _points(rows, {}, study.manifest["resolved"]["strategies"], bounds)
    return _data(study.manifest, {}, points)


def _of_sweep(rows: "pd.DataFrame", manifest: Mapping[str, Any]) -> dict[str, Any]:
    paths = {p: _values(rows[p]) for p in manifest["paths"] if p in rows.columns}
    bound_rows = rows[(rows["metric"] == "bound") & rows["of"].isna()]
    bounds: dict[str, dict[str, float | None]] = {}
    for cell, cause, value in bound_rows[["cell", "cause", "estimate"]].itertuples(index=False):
        bounds.setdefault(cell, {})[cause] = _finite(value)
    points = _points(rows, paths, manifest["resolved"]["strategies"], bounds)
    return _data(manifest, paths, points)


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
        "goals": manifest["resolved"].get("goals") or {},
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
