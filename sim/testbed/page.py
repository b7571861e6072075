"""The testbed's part of docs/validation.md: two live runs beside their simulations, between two marks."""

from pathlib import Path

from sim import __version__
from sim.basics.wording import about
from sim.testbed.compare import DIFFERS, EXACT, WITHIN, Row
from sim.testbed.report import summary, table
from sim.testbed.run import LiveRun

BEGIN, END = (
    "<!-- testbed: made by `lastclick testbed --write`; do not edit -->",
    "<!-- /testbed -->",
)


def with_section(document: str, section: str, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """A page with the testbed's part put in place of an older one, else at its end."""
    first, last = marks
    before, begin, rest = document.partition(first)
    _, end, after = rest.partition(last)
    marked = f"{first}\n\n{section.strip()}\n\n{last}"
    if begin and end:
        return f"{before}{marked}{after}"
    return f"{document.rstrip()}\n\n{marked}\n".lstrip()


def section(office: LiveRun, rush: LiveRun, figure: Path, command: str) -> str:
    """The text: what was run, tables, what agrees and what does not."""
    from sim.testbed.compare import compare

    cases, responses = compare(office), compare(rush)
    took_s = office.took_real_s + rush.took_real_s
    return "\n".join(
        [
            "## Live: real tokens, real stores, real HTTP",
            "",
            f"Made by `{command}` (version {__version__}), {about(took_s)} of live running on a machine with two cores"
            " that the load generator and the servers share. *Predicted* is the simulation of the same seed, people"
            " and cases, given the costs that were measured on the running servers just before.",
            "",
            _verdict(cases, responses),
            "",
            f"![Exposure of each case and response times, predicted against measured]({figure.name})",
            "",
            "**Cases and host calls**, a small office under compressed time:",
            "",
            f"```text\n{summary(office, cases)}\n\n{table(cases)}\n```",
            "",
            "**Response times**, a rush in real time, the app's workers"
            f" {100 * min(r.utilisation for r in responses):.0f} to {100 * max(r.utilisation for r in responses):.0f} %"
            " busy:",
            "",
            f"```text\n{summary(rush, responses)}\n\n{table(responses)}\n```",
            "",
            _READING,
        ]
    )


def _verdict(cases: list[Row], responses: list[Row]) -> str:
    counts = {v: sum(row.count(v) for row in cases) for v in (EXACT, WITHIN, DIFFERS)}
    total = sum(counts.values())
    worst = {s: max(abs(row.error(s)) for row in responses) for s in ("p50", "p95")}
    exact = sum(row.host_calls[0] == row.host_calls[1] for row in cases)
    off = max(abs(row.host_calls[0] / row.host_calls[1] - 1) for row in cases if row.host_calls[1])
    return (
        f"**{counts[EXACT]} of {total} cases are the same, {counts[WITHIN]} differ within the timing resolution,"
        f" {counts[DIFFERS]} differ.** Host calls: exact for {exact} of {len(cases)} strategies, at most"
        f" {100 * off:.1f} % apart. Response times in real time: p50 within {100 * worst['p50']:.1f} % (aim 15 %), p95"
        f" within {100 * worst['p95']:.1f} % (aim 25 %)."
    )


_READING = """\
How to read it. *same*: exposure window and last click lie within the timing resolution of that person's own requests
(times the compression), unauthorised reads, writes and administration are equal. *within*: they are not, but an answer
fell within that resolution of an instant at which answers change, or a check timed out where compression stretched a pause of
the machine. *differ*: neither; each is named. `p/m` is predicted/measured: exposure is the mean over cases, reads and
writes are sums.

How the window is measured. The app's side channel holds every credential issued to a revoked person and not destroyed.
After each change of what could matter it tries them against the app's own gates (real signatures, real store) a little before and
at the instant at which they should cease to pass, and asks the host what a renewal or a check would be granted.
Nothing of this passes the stations, the limits or the counts.

What does not agree, and why. Under compression, strategies whose denylist or allowlist lives in Redis answer later than
predicted: a request reads the denylist twice, which the model takes for a look into memory, and each read waits its turn
among the calls of all strategies. In real time the difference is a millisecond or two.

What compression distorts. Only what is slept is compressed: the work of real code is not, so it weighs more; the
simulation is given the same weight. Response times are therefore compared in real time. Round trips of the network are
slept by the client; everything listens on loopback. People act at planned instants (an open loop), so latencies
count from those and nothing is omitted; the generator's own lag is shown."""
