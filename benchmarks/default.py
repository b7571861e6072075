"""What a user waits for: `lastclick compare` without arguments, from the start of the process, and a cold first run.

Each round is a process of its own on a warm cache of machine code, and of bytecode, whatever the environment says about it.
*Starting* is the CPU time until the engine is there: Python, imports, machine code from disk; *simulation* that of the threads
inside `sim.engine.run`; what is left are intervals, quantiles, tables and files. Wall times move with what else the machine
does (the load is noted beside them); shares of CPU time hardly do.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from statistics import median

from benchmarks.works import WrongResultError

COLD = ("compare", "--strategy", "no_check", "--replications", "1", "--workers", "1", "--quiet")


@dataclass(frozen=True)
class Waited:
    """One run of the whole command, seconds: of the clock from the start of the process, and of CPU."""

    provisional_s: float
    provisional_cpu_s: float
    full_s: float
    cpu_s: float
    start_s: float
    simulation_s: float

    @property
    def other_s(self) -> float:
        """Intervals, quantiles, tables, files."""
        return self.cpu_s - self.start_s - self.simulation_s

    @property
    def other_share(self) -> float:
        """Their share of the CPU time after starting."""
        return self.other_s / (self.cpu_s - self.start_s)

    @property
    def unsimulated_share(self) -> float:
        """The share of the whole CPU time that is not simulation."""
        return 1 - self.simulation_s / self.cpu_s


@dataclass
class Defaults:
    """All rounds; `cold_s` and `cold_cpu_s` are of one run with an empty cache, less the same on a warm one."""

    runs: list[Waited] = field(default_factory=list)
    import_s: list[float] = field(default_factory=list)
    cold_s: float = 0.0
    cold_cpu_s: float = 0.0
    load: float = 0.0  # processes that wanted a core when the measurement began

    def median(self, name: str) -> float:
        """The median of a field of the runs."""
        return median(getattr(run, name) for run in self.runs)


def measure(rounds: int, quick: bool = False) -> Defaults:
    """Rounds of the command and of `import sim`, one after the other, then one with an empty cache (not if `quick`)."""
    words = ("compare", "--replications", "3") if quick else ("compare",)
    found = Defaults(load=os.getloadavg()[0])
    _run({}, COLD)  # the cache is warm from here on
    for _ in range(rounds):
        found.import_s.append(_import_s())
        found.runs.append(Waited(**json.loads(_run({}, words))))
    if quick:
        return found
    with tempfile.TemporaryDirectory(prefix="lastclick-") as empty:
        cold = json.loads(_run({"LASTCLICK_CACHE_DIR": empty}, COLD))
    warm = json.loads(_run({}, COLD))
    found.cold_s = cold["full_s"] - warm["full_s"]
    found.cold_cpu_s = cold["cpu_s"] - warm["cpu_s"]
    return found


def _run(more: dict[str, str], words: tuple[str, ...]) -> str:
    environment = {**os.environ, **more}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process parses its libraries anew
    began = str(time.monotonic())  # the same clock in every process of the machine
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.default", began, *words],
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise WrongResultError(f"lastclick {' '.join(words)}: {done.stderr}")
    return done.stdout


def _import_s() -> float:
    """CPU time of `import sim`, beyond that of Python itself."""
    code = "import time; t = time.process_time(); import sim; print(time.process_time() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def in_process(began: float, words: list[str]) -> Waited:
    """Run the command as on a terminal, its tables thrown away, and note the times."""
    from sim.cli import compare, main
    from sim.engine.compiled.machine import kernels
    from sim.results import experiment

    kernels()  # what loading machine code takes is not simulation
    start_s = time.process_time()
    spent: list[float] = []
    provisional: list[tuple[float, float]] = []
    run, show = experiment.run, compare._show_provisional

    def timed_run(*arguments: object, **options: object) -> object:
        before = time.thread_time()
        try:
            return run(*arguments, **options)  # type: ignore[arg-type]
        finally:
            spent.append(time.thread_time() - before)

    def timed_show(comparison: experiment.Comparison) -> None:
        show(comparison)
        provisional.append((time.monotonic() - began, time.process_time()))

    vars(experiment)["run"], vars(compare)["_show_provisional"] = timed_run, timed_show
    sys.stdout = _Terminal(os.devnull, "w")
    main(words, standalone_mode=False)
    first_s, first_cpu_s = provisional[0] if provisional else (0.0, 0.0)
    return Waited(
        provisional_s=first_s,
        provisional_cpu_s=first_cpu_s,
        full_s=time.monotonic() - began,
        cpu_s=time.process_time(),
        start_s=start_s,
        simulation_s=sum(spent),
    )


class _Terminal:
    """A file that says it is a terminal."""

    def __init__(self, path: str, mode: str) -> None:
        self._file = open(path, mode)  # noqa: SIM115 (open until the process ends)

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def isatty(self) -> bool:
        return True


if __name__ == "__main__":
    _real = sys.stdout
    _waited = in_process(float(sys.argv[1]), sys.argv[2:])
    _real.write(json.dumps(vars(_waited)))
