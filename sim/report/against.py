"""Two results side by side: what was changed, and what that changed."""

from sim.basics.statistics import Estimate
from sim.basics.wording import seconds_text
from sim.plot.style import readable
from sim.report.tables import Table
from sim.results.study import Study


def changed_parameters(study: Study, other: Study) -> Table:
    """The parameters and strategies whose settings differ."""
    ours, theirs = (_settings(s) for s in (study, other))
    keys = [key for key in [*ours, *(k for k in theirs if k not in ours)] if ours.get(key) != theirs.get(key)]  # fmt: skip
    rows = [[key, theirs.get(key, "-"), ours.get(key, "-")] for key in keys]
    return Table("What differs", ["setting", "the other", "this one"], rows)


def changed_figures(study: Study, other: Study) -> Table:
    """Exposure by cause and gate overhead of the strategies that both have."""
    causes = [cause for cause in study.causes if cause in other.causes]
    heads = ["strategy", *(f"exposure, {readable(c)}" for c in causes), "gate overhead"]
    rows = []
    for name in study.ranked():
        if name in other.names:
            cells = [_change(study, other, name, "exposure", cause) for cause in causes]
            rows.append([name, *cells, _change(study, other, name, "auth_overhead", None)])
    caption = "The other, then this one, with half widths of the 95 % intervals; * where the two intervals do not touch"
    return Table(caption, heads, rows)


def _change(study: Study, other: Study, name: str, metric: str, cause: str | None) -> str:
    if cause is not None and not (study.covered(name, cause) and other.covered(name, cause)):
        words = ["open" if not s.covered(name, cause) else "bounded" for s in (other, study)]
        return words[0] if words[0] == words[1] else f"{words[0]} → {words[1]} *"
    before, now = (s.find(name, metric, "mean", cause) for s in (other, study))
    if before is None or now is None:
        return "-"
    return f"{seconds_text(before)} → {seconds_text(now)}" + (" *" if _apart(before, now) else "")


def _apart(a: Estimate, b: Estimate) -> bool:
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return False
    return a.high < b.low or b.high < a.low


def _settings(study: Study) -> dict[str, str]:
    settings = {p["key"]: str(p["value"]) for p in study.manifest.get("parameters", [])}
    rows = study.strategies[["name", "mechanisms"]].itertuples(index=False)
    settings |= {f"strategies.{name}": str(mechanisms) for name, mechanisms in rows}
    return settings | {
        "replications (of the run)": str(study.manifest["replications"]),
        "seed (of the run)": str(study.manifest["seed"]),
        "version": str(study.manifest.get("version", "unknown")),
    }
