"""The STRESS-DES checklist (Monks et al. 2019, J. Simulation 13(1), 55-67, doi 10.1080/17477778.2018.1442155), filled.

What the program knows is filled from the manifest; what only the author of a study knows is said to be missing.
"""

from dataclasses import dataclass

from sim.basics.wording import format_duration
from sim.plot.style import listed, readable
from sim.results.study import Study

MET, PART, OPEN = "met", "in part", "for the author"


@dataclass(frozen=True)
class Item:
    """One item: number, what is asked, whether it is met, and the text that meets it."""

    number: str
    asks: str
    status: str
    text: str


def checklist(study: Study, answers_ask: str) -> list[Item]:
    """All items of the checklist for a study; `answers_ask` is its question."""
    m, run = study.manifest, study.manifest["resolved"]["run"]
    people = study.manifest["resolved"]["organisation"]["people"]
    graded = [p["grade"] for p in m.get("parameters", [])]
    assumed = sum("assumption" in grade or grade == "none" for grade in graded)
    libraries = ", ".join(f"{k} {v}" for k, v in m.get("libraries", {}).items())
    warm_up = "found by MSER-5" if run["warm_up"] == "auto" else format_duration(run["warm_up"])
    rows = (
        ("1.1", "Purpose of the model", MET if answers_ask else OPEN, f"How long the requests of a person whose access ended still succeed, and what ending them costs honest people. This study asks: {answers_ask or '(no question was written)'}"),
        ("1.2", "Model outputs", MET, "Exposure window, last click, unauthorised requests per case; response time, gate overhead, interruptions, refusals, host calls: defined under “What the words mean”, docs/model.md section 7; intervals under 4.3."),
        ("1.3", "Experimentation aims", MET, f"Scenario analysis: {len(study.names)} strategies on the same people and cases ({listed(study.names, 20)}); each with its source under “The strategies”. No optimisation."),
        ("2.1", "Base model overview diagram", PART, "Described in words in docs/model.md sections 3 to 6; the timeline figure shows one case. There is no drawn diagram."),
        ("2.2", "Base model logic", MET, "docs/model.md section 6: the life of a request, event by event."),
        ("2.3", "Scenario logic", MET, "Strategies differ only in the mechanisms listed under “The strategies”."),
        ("2.4", "Algorithms", MET, "docs/model.md sections 6 and 10; source code, reference engine."),
        ("2.5.1", "Entities", MET, f"{people} people (administrator or not; plan of visits, pages, clicks; at most one case) and their requests (kind, token, entry)."),
        ("2.5.2", "Activities", MET, "Page load, renewal, verification, lookup, check, handler work, push attempt: docs/model.md section 6."),
        ("2.5.3", "Resources", MET, "Host servers, app workers, authorization server, store: values in the table of parameters (host, app, auth_server, store)."),
        ("2.5.4", "Queues", MET, "First come, first served, ties by person; unlimited; no balking; checks give up after their timeout; the host's rate limit is tested before its queue."),
        ("2.5.5", "Entry and exit points", MET, "Closed population: people arrive by their pauses inside the shift and leave after their case or at the end. An hour's weight (workload.daily) thins arrivals where given."),
        ("3.1", "Data sources", PART if assumed else MET, f"Each of {len(graded)} parameters names its source and grade; {assumed} rest on an assumption at least in part."),
        ("3.2", "Pre-processing", PART, f"workload.mode is {m['resolved']['workload']['mode']}; a fitted log's treatment is printed by lastclick fit." if m["resolved"]["workload"]["mode"] != "synthetic" else "None: the workload is synthetic."),
        ("3.3", "Input parameters", MET, "All, with laws, in the table of parameters; the file scenario.toml beside the results holds them in full."),
        ("3.4", "Assumptions", MET, "Listed under “Assumptions”; graded in the table of parameters."),
        ("4.1", "Initialisation", MET, f"Terminating: a working day that starts empty. Warm-up cut from honest figures: {warm_up}; never from cases."),
        ("4.2", "Run length", MET, f"{format_duration(run['horizon'])}, and {format_duration(run['drain'])} in which only people with a case act. Unit: seconds."),
        ("4.3", "Estimation approach", MET, f"{m['replications']} independent replications, 95 % intervals: Student's t for means of runs, jackknife for ratios per case, order statistics for quantiles, Wilson for shares; exposure where it can from virtual cases (each person asked at many moments: what if it had been now?), with the jackknife, quantiles by the share below them. Strategies share people, cases and draws."),
        ("5.1", "Software", MET, f"Last Click {m.get('version', '?')} on Python {m.get('python', '?')} ({libraries})."),
        ("5.2", "Random sampling", MET, f"Draws are addressed (seed {m['seed']}, replication, person, purpose, number, attempt), never by order; common random numbers across strategies."),
        ("5.3", "Model execution", MET, f"Process interaction and next-event calendar, engine {m.get('engine', '?')}; ties by (time, priority, person, serial); replications in parallel processes with identical results."),
        ("5.4", "System specification", PART, f"{m.get('platform', 'unknown')}; written {m.get('written_at', 'at an unknown time')}. The run time is not recorded."),
        ("6.1", "Model sharing", PART, f"Apache-2.0; scenario id {m['scenario']['id']}; the command under “Make it again”. A place to download from is for the author to name."),
    )  # fmt: skip
    return [Item(*row) for row in rows]


def causes_text(study: Study) -> str:
    """How many cases of each cause were studied."""
    if not len(study.cases):
        return "no case"
    first = study.cases[study.cases["strategy"] == study.names[0]]
    counts = first["cause"].value_counts()
    return listed([f"{counts[c]:,} of {readable(c)}" for c in study.causes], 4)
