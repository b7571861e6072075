"""Reading a log: `lastclick fit` beside its former self, GoAccess, DuckDB and Polars; and logs that mean harm.

    python -m benchmarks.logs [--lines N] [--rounds N]

A million lines of Combined Log Format are made; everybody reads them in a process of his own, in turns. Figures are CPU
seconds (user and system, which hardly depend on what else the machine does), the median of the rounds, and the peak of
memory. DuckDB and Polars only parse and count; GoAccess makes its report; `fit` also finds sessions and laws. Rows, persons
and writes that they count are held against each other. The former self is the commit named, taken from git. What is not
installed is left out and named.
"""

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "00b7a89"
PAGE = Path(__file__).with_name("logs.md")
_PATTERN = (
    r'^(\\S+) \\S+ (\\S+) \\[([^\\]]+)\\] "(\\S+) (\\S+) [^"]*" (\\d{3}) (\\d+|-) "[^"]*" "[^"]*"'
).replace("\\\\", "\\")
_DUCKDB = f"""
import duckdb
duckdb.sql("set threads = 1; set enable_progress_bar = false")
print(*duckdb.sql('''
    with lines as (from read_csv('LOG', delim=chr(1), quote='', escape='', header=false, columns={{'line': 'VARCHAR'}})),
    rows as (select regexp_extract(line, '{_PATTERN}', ['ip', 'user', 'ts', 'method', 'path', 'status', 'bytes']) as r
             from lines where line is not null)
    select count(*), count(distinct r.user) filter (r.user <> '-'),
           count(*) filter (r.user <> '-' and r.method = 'POST') from rows
''').fetchall()[0])
"""
_POLARS = f"""
import polars as pl
lines = pl.scan_csv('LOG', has_header=False, separator=chr(1), quote_char=None, new_columns=['line'])
rows = lines.select(pl.col('line').str.extract_groups(r'''{_PATTERN}''').alias('r')).unnest('r')
known = pl.col('2') != '-'
print(*rows.select(pl.len(), pl.col('2').filter(known).n_unique().alias('p'),
                   (known & (pl.col('4') == 'POST')).sum().alias('w')).collect(engine='streaming').row(0))
"""


@dataclass
class Run:
    """What one reading took."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    said: str
    code: int


@dataclass
class Contestant:
    """Somebody who reads logs; `counts` are rows, persons and writes, as far as he tells them."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    counts: Callable[[str], tuple[int, ...]] | None = None
    runs: list[Run] = field(default_factory=list)


def write_log(path: Path, lines: int) -> tuple[int, int, int]:
    """A day of 20,000 people, one row in ten without a person. Returns rows, persons and writes of persons."""
    random = np.random.default_rng(5)
    stamps = [
        f"10/Mar/2026:{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d} +0000" for s in range(86_400)
    ]
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/122.0.0.0 Safari/537.36"
    second = np.sort(random.integers(0, 86_400, lines))
    person, page = random.integers(0, 20_000, lines), random.integers(0, 97, lines)
    size, chance = random.integers(100, 99_999, lines), random.random(lines)
    persons, writes = set(), 0
    with path.open("w") as file:
        for s, u, p, b, c in zip(
            *(a.tolist() for a in (second, person, page, size, chance)), strict=True
        ):
            user, method = f"user{u}" if c > 0.1 else "-", "GET" if c < 0.8 else "POST"
            persons.add(user)
            writes += method == "POST"
            file.write(
                f'10.{u % 256}.{u // 256}.7 - {user} [{stamps[s]}] "{method} /pages/viewpage.action?pageId={p}&x={u}'
                f' HTTP/1.1" 200 {b} "https://app.example.com/start" "{agent}"\n'
            )
    return lines, len(persons - {"-"}), writes


def run(command: list[str], environment: dict[str, str]) -> Run:
    """Run a command in a process of its own."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command,
            cwd=tempfile.gettempdir(),  # `-m` looks for modules here first
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    cpu_s = used.ru_utime + used.ru_stime
    return Run(cpu_s, time.perf_counter() - began, used.ru_maxrss / 1024, text, process.returncode)


def of_a_fit(said: str) -> tuple[int, ...]:
    """Rows and persons of a summary."""
    rows = said.partition(" rows,")[0].rpartition(" ")[2]
    persons = said.partition(" persons")[0].rpartition(" ")[2]
    return int(rows.replace(",", "")), int(persons.replace(",", ""))


def of_numbers(said: str) -> tuple[int, ...]:
    """Rows, persons, writes."""
    return tuple(map(int, said.split()))


def contestants(log: Path, packed: Path, folder: Path) -> list[Contestant]:
    """Who is here."""
    fit = [sys.executable, "-m", "sim", "fit"]
    compiled = {"PYTHONPYCACHEPREFIX": str(folder / "pyc"), "PYTHONDONTWRITEBYTECODE": ""}
    ours = {"PYTHONPATH": str(ROOT), **compiled}
    found = [
        Contestant("lastclick fit", [*fit, str(log)], ours, of_a_fit),
        Contestant("lastclick fit, gzip", [*fit, str(packed)], ours, of_a_fit),
    ]
    if (old := _former(folder)) is not None:
        former = {"PYTHONPATH": str(old), **compiled}
        for name, file in (
            (f"lastclick fit, {BEFORE}", log),
            (f"the same, gzip, {BEFORE}", packed),
        ):
            found.append(Contestant(name, [*fit, str(file)], former, of_a_fit))
    if shutil.which("goaccess"):
        report = folder / "report.json"
        options = [
            "--log-format=COMBINED",
            "--no-global-config",
            "--no-progress",
            "-o",
            str(report),
        ]
        found.append(
            Contestant(
                "GoAccess",
                ["goaccess", str(log), *options],
                {},
                lambda _: (json.loads(report.read_text())["general"]["total_requests"],),
            )
        )
    for name, code in (("DuckDB", _DUCKDB), ("Polars", _POLARS)):
        if find_spec(name.lower()):
            program = [sys.executable, "-c", code.replace("LOG", str(log))]
            found.append(Contestant(name, program, {"POLARS_MAX_THREADS": "1"}, of_numbers))
    return found


def _former(folder: Path) -> Path | None:
    """The program as it was at the commit, if git has it."""
    old = folder / "former"
    old.mkdir()
    archive = subprocess.run(["git", "archive", BEFORE, "sim"], cwd=ROOT, capture_output=True)
    if archive.returncode:
        return None
    subprocess.run(["tar", "x", "-C", str(old)], input=archive.stdout, check=True)
    return old


def race(everybody: list[Contestant], right: tuple[int, ...], rounds: int) -> None:
    """Everybody in turns, after one run to warm up. Raises SystemExit where somebody counts something else."""
    for turn in range(rounds + 1):
        for one in everybody:
            done = run(one.command, one.environment)
            if done.code:
                raise SystemExit(f"{one.name} failed: {done.said[-2000:]}")
            counts = one.counts(done.said) if one.counts else ()
            if counts != right[: len(counts)]:
                raise SystemExit(f"{one.name} counts {counts}, right is {right}")
            if turn:
                one.runs.append(done)
            print(f"{one.name}: {done.cpu_s:.2f} s, {done.peak_mb:.0f} MB", file=sys.stderr)


def table(everybody: list[Contestant]) -> str:
    """The race as a table."""
    first = statistics.median(r.cpu_s for r in everybody[0].runs)
    lines = ["| | CPU, s | ratio to ours | peak memory, MB |", "|---|---|---|---|"]
    for one in everybody:
        times = [r.cpu_s for r in one.runs]
        peak = max(r.peak_mb for r in one.runs)
        spread = f"{min(times):.2f} to {max(times):.2f}"
        middle = statistics.median(times)
        lines.append(
            f"| {one.name} | {middle:.2f} ({spread}) | {middle / first:.2f} | {peak:.0f} |"
        )
    return "\n".join(lines)


# -- logs that mean harm -----------------------------------------------------------------------------


def _one_line(path: Path) -> None:
    path.write_bytes(b'10.0.0.1 - x [bad] "GET /' + b"a" * 100_000_000 + b"\n")


def _short_lines(path: Path) -> None:
    path.write_bytes(b"x\n" * 10_000_000)


def _good_and_short_lines(path: Path) -> None:
    good = '10.0.0.1 - ann [10/Mar/2026:08:00:{:02d} +0000] "GET /{} HTTP/1.1" 200 5\n'
    rows = "".join(good.format(s, s) for s in range(0, 60, 5)).encode()
    path.write_bytes(rows + b"x\n" * 10_000_000)


def _zeros(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=9) as file:
        for _ in range(1000):
            file.write(bytes(1_000_000))


def _late_zeros(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b'10.0.0.1 - ann [10/Mar/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5\n' * 100)
        for _ in range(1000):
            file.write(bytes(1_000_000))


def _binary(path: Path) -> None:
    path.write_bytes(np.random.default_rng(1).bytes(50_000_000))


def _few_people(path: Path) -> None:
    line = '10.0.0.1 - u{} [{:02d}/{}/2025:{:02d}:{:02d}:{:02d} +0000] "GET /{} HTTP/1.1" 200 5\n'
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    with path.open("w") as file:
        for i in range(10_000_000):
            # eight hours a day, of 28 days a month
            day, s = divmod(i * 8 * 3600 * 336 // 10_000_000, 8 * 3600)
            at = (day % 28 + 1, months[day // 28], 8 + s // 3600, s // 60 % 60, s % 60)
            file.write(line.format(i % 6, *at, i % 97))


HOSTILE: dict[str, Callable[[Path], None]] = {
    "one line of 100 MB": _one_line,
    "10,000,000 lines of one sign": _short_lines,
    "the same after 12 good lines": _good_and_short_lines,
    "1 GB of zeros in a gzip of 1 MB": _zeros,
    "the same behind 100 good lines": _late_zeros,
    "50 MB of noise": _binary,
    "10,000,000 good lines of 6 people": _few_people,
}


def hostile(folder: Path) -> str:
    """What each of them takes, and what is said."""
    lines = ["| log | exit code | CPU, s | peak memory, MB | said |", "|---|---|---|---|---|"]
    environment = {"PYTHONPATH": str(ROOT)}
    for name in HOSTILE:
        path = folder / "hostile.log"
        written(name, path)
        done = run([sys.executable, "-m", "sim", "fit", str(path)], environment)
        path.unlink()
        said = done.said.strip().replace(str(folder) + "/", "").splitlines()
        shown = said[-1 if done.code else 0][:160].replace("|", "\\|")
        print(name, f"{done.cpu_s:.1f} s", shown, file=sys.stderr)
        lines.append(f"| {name} | {done.code} | {done.cpu_s:.1f} | {done.peak_mb:.0f} | {shown} |")
    return "\n".join(lines)


def write(what: str, where: Path, lines: int) -> None:
    """Write a log, and print what is right of it."""
    if what == "race":
        print(*write_log(where, lines))
    elif what == "gzip":
        with where.with_suffix("").open("rb") as plain, gzip.open(where, "wb", 6) as packed:
            shutil.copyfileobj(plain, packed)
    else:
        HOSTILE[what](where)


def written(what: str, where: Path, lines: int = 0) -> str:
    """The same in a process of its own: what this one has held counts as a peak of its children."""
    command = [sys.executable, "-m", "benchmarks.logs", "--lines", str(lines), "--write", what]
    done = subprocess.run(
        [*command, str(where)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def main() -> None:
    """Measure, and write the page beside the program."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", nargs=2, metavar=("WHAT", "WHERE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.write:
        write(asked.write[0], Path(asked.write[1]), asked.lines)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, packed = folder / "access.log", folder / "access.log.gz"
        right = of_numbers(written("race", log, asked.lines))
        written("gzip", packed)
        size_mb = log.stat().st_size / 1e6
        everybody = contestants(log, packed, folder)
        race(everybody, right, asked.rounds)
        head = f"# Reading a log\n\n{asked.lines:,} lines of Combined Log Format ({size_mb:.0f} MB), {asked.rounds} rounds in turns.\n\n"
        about = (__doc__ or "").split("\n\n")[2].replace("\n", " ")
        page = (
            f"{head}{about}\n\n{table(everybody)}\n\n## Logs that mean harm\n\n{hostile(folder)}\n"
        )
    print(page)
    if asked.lines == 1_000_000:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
