"""The real gates' part of docs/validation.md."""

from collections.abc import Sequence

from sim import __version__
from sim.testbed.real.beside import DIFFERS, Beside, table

COMMAND = "lastclick testbed --gate all --write validation.md"
MARKS = (f"<!-- gates: made by `{COMMAND}`; do not edit -->", "<!-- /gates -->")


def section(rows: Sequence[Beside]) -> str:
    """The text: what was run, the table, what agrees and what does not."""
    cases = sum(len(row.cases) for row in rows)
    differ = sum(row.count(DIFFERS) for row in rows)
    problems = [f"- {row.name}: {said}" for row in rows for said in row.problems]
    return "\n".join(
        [
            "## Live: real gates beside their profiles",
            "",
            f"Made by `{COMMAND}` (version {__version__}). Each part, as packaged, stands in front of the stand-in host;"
            " the people of `testbed_gates` (`testbed_sessions` for mod_auth_openidc) click in real time, at the instants of the simulation under the part's profile"
            " with a lifetime of a few seconds, and are fired at theirs. A run begins on a whole second of the machine's"
            " clock.",
            "",
            f"**{cases - differ} of {cases} cases agree, {differ} differ.**",
            "",
            f"```text\n{table(rows)}\n```",
            "",
            *(
                problems
                or ["Means agree within 3 %, questions to the host within the larger of 1 % and 2."]
            ),
            "",
            _READING,
        ]
    )


_READING = """\
*same*: every click was answered as predicted. *within*: one was not, but the predicted window ends between the last click that
passed and the first that did not. *at an edge*: neither, but a click of the person met the gate so near to an end, a turn of the
second or the revocation that its own round trip decides (HAProxy's table ends entries up to 0.1 s early). *differ*: none of
these; each is named. *last click* is the mean over cases, from the revocation to the last click that passed;
*still in*: open by the model at the end of the run, and never refused by the part while they clicked (the stale nginx is open in both)."""
