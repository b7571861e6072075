"""Results on disk: tidy tables and a manifest, each written whole or not at all."""

import json
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import __version__
from sim.engine.recording import TRACE_COLUMNS, Run
from sim.experiment import Comparison

if TYPE_CHECKING:
    import pandas as pd

_LIBRARIES = ("simpy", "numpy", "pandas", "pyarrow", "pydantic", "scipy")


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Call `write` with a temporary name beside `path`, then move the file there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write results, coverage and cases as Parquet and CSV, then the manifest. Returns the files."""
    import pandas as pd

    tables = {
        "results": _with_past(pd.DataFrame([asdict(f) for f in comparison.figures]), comparison),
        "coverage": _with_past(pd.DataFrame([asdict(c) for c in comparison.coverage]), comparison),
        "cases": _with_past(_cases(comparison), comparison),
    }
    written = []
    for name, table in tables.items():
        written += write_table(table, folder / name)
    manifest = folder / "manifest.json"
    text = json.dumps(manifest_of(comparison), indent=2, sort_keys=True, default=str)
    write_atomically(manifest, lambda path: _write_text(path, text + "\n"))
    return [*written, manifest]


def write_table(table: "pd.DataFrame", stem: Path) -> list[Path]:
    """One table as `stem.parquet` and `stem.csv`."""
    parquet, csv = stem.with_suffix(".parquet"), stem.with_suffix(".csv")
    write_atomically(parquet, lambda path: table.to_parquet(path, index=False))
    write_atomically(csv, lambda path: table.to_csv(path, index=False))
    return [parquet, csv]


def manifest_of(comparison: Comparison) -> dict[str, Any]:
    """What it takes to make the results again."""
    scenario = comparison.scenario
    return {
        "scenario": {"title": scenario.title, "id": scenario.id, "path": scenario.path},
        "resolved": scenario.resolved(),
        "seed": comparison.seed,
        "replications": comparison.replications,
        "strategies": list(comparison.strategies),
        "engine": comparison.engine,
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: installed(name) for name in _LIBRARIES},
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_trace(run: Run, path: Path) -> int:
    """Write the events of a run (Parquet, or CSV by the name's ending) with fixed types; returns their number."""
    import pandas as pd

    trace = run.trace or []
    table = pd.DataFrame(trace, columns=list(TRACE_COLUMNS)).astype(
        {"serial": "int64", "time_s": "float64", "person": "int64", "event": "string"}
        | dict.fromkeys(("kind", "decision", "reason"), "string")
        | dict.fromkeys(("token_expires_s", "entry_expires_s"), "float64")
    )
    if path.suffix == ".csv":
        write_atomically(path, lambda p: table.to_csv(p, index=False))
    else:
        write_atomically(path, lambda p: table.to_parquet(p, index=False))
    return len(table)


def _cases(comparison: Comparison) -> "pd.DataFrame":
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for name, runs in comparison.runs.items():
        for run in runs:
            rows += _case_rows(name, run)
    return pd.DataFrame(rows)


def _case_rows(strategy: str, run: Run) -> Sequence[dict[str, Any]]:
    rows = []
    for case in run.cases:
        row = asdict(case)
        del row["last_clicks_s"]
        rows.append({"strategy": strategy, "replication": run.replication, **row})
    return rows


def _with_past(table: "pd.DataFrame", comparison: Comparison) -> "pd.DataFrame":
    """Every table says what it comes from."""
    past: dict[str, Any] = {
        "scenario_id": comparison.scenario.id,
        "seed": comparison.seed,
        "engine": comparison.engine,
        "version": __version__,
    }
    return table.assign(**past)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
