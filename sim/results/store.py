"""Results on disk: tidy tables and a manifest, each written whole or not at all."""

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import __version__
from sim.basics.json_files import read_json
from sim.engine.recording import TRACE_COLUMNS, Run
from sim.results.experiment import Comparison
from sim.results.orders import CAPTION, Harm, orders_finding, orders_rows
from sim.results.ranking import Against, differences
from sim.results.study import Study, study_of
from sim.scenario.write import scenario_file_text

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("results", "coverage", "cases", "strategies", "response_times", "host_load")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Call `write` with a temporary name beside `path`, then move the file there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        _to_disk(temporary)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    write_atomically(path, lambda temporary: _write_text(temporary, text))


def _to_disk(path: Path) -> None:
    """Bytes before name: after a power cut a file of the right name is whole."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_comparison(
    comparison: Comparison, folder: Path, baseline: str | None = None
) -> list[Path]:
    """Write the tables of a study as Parquet and CSV, its scenario, then the manifest. Returns the files.

    The table `differences` holds paired differences from `baseline` (default: `ranking.default_baseline`).
    """
    study = study_of(comparison)
    written = []
    for name in TABLES:
        written += write_table(_with_past(getattr(study, name), comparison), folder / name)
    written += write_table(
        _with_past(_differences(comparison, baseline), comparison), folder / "differences"
    )
    scenario = folder / "scenario.toml"
    text = scenario_file_text(comparison.scenario, folder)
    write_atomically(scenario, lambda path: _write_text(path, text))
    manifest = folder / "manifest.json"
    record = json.dumps(study.manifest, indent=2, sort_keys=True, default=str)
    write_atomically(manifest, lambda path: _write_text(path, record + "\n"))
    return [*written, scenario, manifest]


def _differences(comparison: Comparison, baseline: str | None) -> "pd.DataFrame":
    import pandas as pd

    columns = [part.name for part in fields(Against)]
    return pd.DataFrame(map(asdict, differences(comparison, baseline)), columns=columns)


ORDERS_FILE = "organisation.json"


def write_orders(found: "Sequence[Harm]", folder: Path) -> None:
    """What orders of notice and cutting lead to, where that was asked for; an older file is removed where it was not."""
    path = folder / ORDERS_FILE
    if found:
        head, rows = orders_rows(found)
        record = {"caption": CAPTION, "finding": orders_finding(found), "head": head, "rows": rows}
        write_text(path, json.dumps(record, indent=1) + "\n")
    else:
        path.unlink(missing_ok=True)


def read_orders(folder: Path) -> dict[str, Any] | None:
    """What `write_orders` wrote; None where there is none."""
    path = folder / ORDERS_FILE
    if not path.is_file():
        return None
    found: dict[str, Any] = read_json(path)
    return found


def read_study(folder: Path) -> Study:
    """The tables and the manifest of a folder that `write_comparison` wrote.

    Raises ValueError that names the file which is missing or cannot be read.
    """
    import pandas as pd

    manifest = folder / "manifest.json"
    needed = [manifest, *(folder / f"{name}.parquet" for name in TABLES)]
    for path in needed:
        if not path.is_file():
            raise ValueError(
                f"{folder}: there is no {path.name}; expected a folder that"
                " `lastclick compare SCENARIO --out FOLDER` wrote"
            )
    try:
        record = read_json(manifest)
        tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: cannot be read as results: {error}") from None
    if not isinstance(record, dict) or not {"scenario", "replications", "seed"} <= set(record):
        raise ValueError(f"{manifest}: not the manifest of a comparison")
    return Study(manifest=record, **tables)


def is_sweep(folder: Path) -> bool:
    """Whether a folder is one of `lastclick sweep`: results in parts, and no table of a comparison."""
    return (folder / "results").is_dir() and not (folder / "results.parquet").exists()


def read_sweep(folder: Path | str) -> "tuple[pd.DataFrame, dict[str, Any]]":
    """The tidy table of a sweep, as far as it is done, and its manifest.

    Raises ValueError where the folder is not one of `lastclick sweep --out FOLDER`, or no cell is finished.
    """
    import pandas as pd

    folder = Path(folder)
    parts = sorted((folder / "results").glob("part-*.parquet"))
    try:
        record = read_json(folder / "manifest.json")
        if not isinstance(record, dict) or not {"scenario", "resolved", "paths"} <= set(record):
            raise ValueError("manifest.json is not that of a sweep")
        if not parts:
            raise ValueError("no cell is finished yet")
        return pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True), record
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: cannot be read as a sweep: {error}") from None


def write_table(table: "pd.DataFrame", stem: Path) -> list[Path]:
    """One table as `stem.parquet` and `stem.csv`."""
    parquet, csv = stem.with_suffix(".parquet"), stem.with_suffix(".csv")
    write_atomically(parquet, lambda path: table.to_parquet(path, index=False))
    write_atomically(csv, lambda path: for_spreadsheets(table).to_csv(path, index=False))
    return [parquet, csv]


def for_spreadsheets(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with an apostrophe before texts that a spreadsheet would run as a formula; numbers stay."""
    texts = table.select_dtypes(exclude=["number", "bool", "datetime"]).columns
    return table.assign(**{str(name): table[name].map(_quoted) for name in texts})


def _quoted(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULA else value


def trace_table(run: Run) -> "pd.DataFrame":
    """The events of a run that was traced, with fixed types; columns: docs/trace.md."""
    import pandas as pd

    return pd.DataFrame(run.trace or [], columns=list(TRACE_COLUMNS)).astype(
        {"serial": "int64", "time_s": "float64", "person": "int64", "event": "string"}
        | dict.fromkeys(("kind", "decision", "reason"), "string")
        | dict.fromkeys(("token_expires_s", "entry_expires_s"), "float64")
    )


def write_trace(run: Run, path: Path) -> int:
    """Write the events of a run (Parquet, or CSV by the name's ending); returns their number."""
    table = trace_table(run)
    if path.suffix == ".csv":
        write_atomically(path, lambda p: for_spreadsheets(table).to_csv(p, index=False))
    else:
        write_atomically(path, lambda p: table.to_parquet(p, index=False))
    return len(table)


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
