"""Where a log comes from and what is said about it: files, globs, folders, standard input, compression; --dry-run,
--hash-users, the title of the figure; logs that mean harm."""

import bz2
import gzip
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.logs import FORMS, an_office_log, combined, common, put

from sim.cli import main
from sim.workload.fitting import Fit, fit_log
from sim.workload.goodness import finding
from sim.workload.logs.options import FitOptions
from sim.workload.logs.problems import LogError

ROWS = an_office_log()


def figures(fit: Fit) -> tuple[object, ...]:
    return (fit.log.rows, fit.think_s.tolist(), fit.requests.tolist(), fit.tables, fit.daily)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    return figures(fit_log(put(tmp_path_factory.mktemp("log"), common(ROWS))))


def zstd(data: bytes) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}


@pytest.mark.parametrize("packing", PACKERS)
def test_every_packing(packing: str, tmp_path: Path, whole: tuple[object, ...]) -> None:
    fit = fit_log(put(tmp_path, PACKERS[packing](common(ROWS)), "no.ending"))
    assert figures(fit) == whole
    assert packing in fit.log.form


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz"])
def test_members_one_behind_the_other_and_a_cut(
    packing: str, tmp_path: Path, whole: tuple[object, ...]
) -> None:
    """As `cat a.gz b.gz` makes them; what comes before a cut is good."""
    data, pack = common(ROWS), PACKERS[packing]
    third = data.index(b"\n", len(data) // 3) + 1
    joined = pack(data[:third]) + pack(data[third:])
    assert figures(fit_log(put(tmp_path, joined, "joined"))) == whole
    cut = fit_log(put(tmp_path, pack(data[:third]) + pack(data[third:])[:-30], "cut"))
    assert data[:third].count(b"\n") <= cut.log.rows <= len(ROWS)
    assert "the compressed data are cut off" in cut.summary_text()


def in_parts(folder: Path, reverse: bool = False) -> Path:
    """Rotated: the newest plain, older ones packed, in forms of their own, with names in no order of time."""
    folder.mkdir()
    third = len(ROWS) // 3
    old, middle, new = ROWS[:third], ROWS[third : 2 * third], ROWS[2 * third :]
    put(folder, FORMS["json"](old), "access.log.2.gz", packed=True)
    put(folder, bz2.compress(combined(middle)), "access.log.1.bz2")
    put(folder, common(new[::-1] if reverse else new), "access.log")
    return folder


def test_several_files_a_folder_and_a_glob(tmp_path: Path, whole: tuple[object, ...]) -> None:
    folder = in_parts(tmp_path / "logs")
    files = sorted(map(str, folder.iterdir()))
    for given in (files, files[::-1], [folder], [f"{folder}/*log*"], [folder, files[0]]):
        fit = fit_log(given)
        assert figures(fit) == whole
        assert "JSON lines, gzip and Common or Combined Log Format" in fit.log.form
    done = CliRunner().invoke(main, ["fit", *files])
    assert done.exit_code == 0, done.output
    assert "36 sessions of 12 persons" in done.stdout


def test_bad_lines_of_several_files_name_the_file(tmp_path: Path) -> None:
    folder = in_parts(tmp_path / "logs")
    (folder / "access.log").write_bytes(b"what is this\n" + (folder / "access.log").read_bytes())
    assert fit_log(folder).log.bad.first == [
        "access.log, line 1: not in Common or Combined Log Format: what is this"
    ]


def test_a_file_among_several_that_is_no_log_is_named(tmp_path: Path) -> None:
    folder = in_parts(tmp_path / "logs")
    (folder / "error.log").write_text("it broke\n")
    with pytest.raises(LogError, match=r"error\.log: no log in a known form.*line 1 is: it broke"):
        fit_log(folder)


@pytest.mark.parametrize("name", ["nowhere/*.log", "empty"])
def test_no_file_at_all(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LogError, match=name.replace("*", r"\*")):
        fit_log(tmp_path / name)


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(packed: bool, whole: tuple[object, ...]) -> None:
    data = gzip.compress(common(ROWS)) if packed else common(ROWS)
    done = subprocess.run(
        [sys.executable, "-m", "sim", "fit", "-"], input=data, capture_output=True, check=True
    )
    assert b"36 sessions of 12 persons" in done.stdout
    together = subprocess.run(
        [sys.executable, "-m", "sim", "fit", "-", __file__], input=data, capture_output=True
    )
    assert together.returncode == 2
    assert b"read alone" in together.stderr


def test_a_fit_loads_no_pandas(tmp_path: Path) -> None:
    """It takes half a second and 40 MB, and Arrow loads it unasked."""
    for form in ("combined", "json", "csv"):
        path = put(tmp_path, FORMS[form](ROWS), form)
        code = "import sys; from sim.workload.fitting import fit_log; fit_log(sys.argv[1]).summary_text(); print('pandas' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
        )
        assert done.stdout == "False\n"


# -- what is shown -----------------------------------------------------------------------------------


def test_a_dry_run_shows_the_first_rows_as_understood(tmp_path: Path) -> None:
    path, out = put(tmp_path, b"what?\n" + common(ROWS)), tmp_path / "out.toml"
    done = CliRunner().invoke(main, ["fit", str(path), "--dry-run", "-o", str(out)])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].endswith("Common or Combined Log Format")
    assert "user = user" in lines[1]
    lines = [lines[0], *lines[next(i for i, line in enumerate(lines) if line[:4] == "line") - 1 :]]
    assert lines[2].split() == [
        "line",
        "time",
        "(UTC)",
        "person",
        "method",
        "status",
        "bytes",
        "path",
    ]
    first = ROWS[0]
    assert lines[3].split() == ["2", *f"{first.time:%Y-%m-%d %H:%M:%S}".split(), first.user, first.method, "200", str(first.bytes), first.path]  # fmt: skip
    assert sum(line[:1].isdigit() for line in lines) == 10
    assert max(len(line) for line in lines[1:] if not line.startswith("bad")) <= 80
    assert "bad: line 1" in done.stdout
    assert not out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of this kind is not there")
@pytest.mark.parametrize("quiet", [False, True])
def test_progress_by_bytes_on_a_terminal(quiet: bool, tmp_path: Path) -> None:
    import pty
    import termios

    path = put(tmp_path, common(ROWS))
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 80))
    command = [sys.executable, "-m", "sim", "fit", str(path), *["--quiet"] * quiet]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=end, check=True)
    os.write(end, b".")  # so that there is something to read
    said = os.read(terminal, 100_000)
    os.close(end)
    os.close(terminal)
    assert b"36 sessions of 12 persons" in done.stdout
    assert (b"reading" in said) != quiet


def test_hashed_users_are_in_nothing_that_is_said(tmp_path: Path) -> None:
    names = [f"user{i}" for i in range(12)]
    text = common(ROWS).decode().replace("/page/", "/~user3/")
    text += "user7 was here\n" + text.splitlines()[0].replace("user", "USER") + "\n"
    polls = [
        text.splitlines()[0].replace(":13:", f":{m}:").replace('"GET /', '"GET /~user5/news')
        for m in range(10, 40)
    ]
    path, out = put(tmp_path, text + "\n".join(polls) + "\n"), tmp_path / "out.toml"
    for options in (["-o", str(out), "--figure", str(tmp_path / "f.svg")], ["--dry-run"]):
        plain = CliRunner().invoke(main, ["fit", str(path), *options])
        hashed = CliRunner().invoke(main, ["fit", str(path), "--hash-users", *options])
        assert hashed.exit_code == 0, hashed.output
        assert any(name in plain.output for name in names)
        said = hashed.output + (out.read_text() if out.exists() else "")
        assert not [name for name in names if name in said.lower()]
    shown = {word for word in hashed.stdout.split() if word.startswith("user-")}
    assert 1 <= len(shown) <= 12


@pytest.mark.parametrize(
    ("distances", "words"),
    [
        ((0.02, 0.4, 0.2), "follows the think times of a.log (KS 0.02); exponential (0.40) and lognormal (0.20) do not"),
        ((0.02, 0.03, 0.2), "(KS 0.02); so does exponential (0.03), lognormal (0.20) does not"),
        ((0.02, 0.03, 0.04), "so do exponential (0.03) and lognormal (0.04)"),
        ((0.3, 0.4, 0.2), "The fitted law only comes near the think times of a.log (KS 0.30)"),
        ((0.3, 0.4, 0.02), "only comes near the think times of a.log (KS 0.30); lognormal (0.02) follows them, exponential (0.40) does not"),
    ],
)  # fmt: skip
def test_the_title_of_the_figure_states_what_was_found(
    distances: tuple[float, float, float], words: str
) -> None:
    laws = dict(zip(("fitted", "exponential", "lognormal"), distances, strict=True))
    assert words in finding(laws, "a.log")


# -- logs that mean harm ------------------------------------------------------------------------------


def test_long_lines_short_lines_and_zeros_are_bounded(tmp_path: Path) -> None:
    good = common(ROWS)
    logs = {
        "one long line": (good + b"x" * 30_000_000 + b"\n" + good, 1),
        "a long line without an end": (good + b'{"a": "' + b"x" * 30_000_000, 1),
        "short lines": (good + b"x\n" * 1_000_000, 1_000_000),
        "zeros behind, packed": (gzip.compress(good + bytes(100_000_000)), 1),
        "noise behind": (good + bytes(range(128, 256)) * 1000 + b"\n", 1),
    }
    for name, (data, bad) in logs.items():
        fit = fit_log(put(tmp_path, data, name))
        assert fit.log.bad.count == bad, name
        assert fit.log.rows in (len(ROWS), 2 * len(ROWS))
        assert len(fit.summary_text()) < 4000


def test_options_of_a_scenario_are_those_of_the_command(tmp_path: Path) -> None:
    options = FitOptions.from_table(
        {"exclude": ["path=^/style"], "polls": "keep", "once": True, "time_format": "%d/%m/%Y"}
    )
    assert FitOptions.model_validate_json(options.key) == options
    fit = fit_log(put(tmp_path, common(ROWS)), FitOptions(exclude=options.exclude))
    assert fit.log.excluded == sum(row.path.startswith("/style") for row in ROWS)
    for table in (
        {"exclude": ["size=3"]},
        {"exclude": ["path"]},
        {"exclude": ["path=("]},
        {"polls": "maybe"},
    ):
        with pytest.raises(ValueError, match=next(iter(table))):
            FitOptions.from_table(table)
