"""What a fit found, in words: the rows, the sessions, what was inferred, left out or not found, and what that does."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.basics.wording import about, format_duration
from sim.workload.gather import local_hours
from sim.workload.logs.preview import without_names
from sim.workload.logs.problems import printable
from sim.workload.sample import ROUNDING, Sample

if TYPE_CHECKING:
    from sim.workload.fitting import Fit

_SHOWN = 3  # names shown of a kind


def summary_text(fit: "Fit") -> str:
    """The whole summary."""
    return "\n".join((*_rows(fit), *_found(fit), *_notes(fit), *_inferred(fit)))


def _rows(fit: "Fit") -> Iterator[str]:
    log, sessions = fit.log, fit.sessions
    left = f", {log.excluded:,} excluded" if log.excluded else ""
    yield (
        f"{fit.path}: {log.form}, {log.lines:,} rows, {log.bad.count:,} bad{left}, "
        f"{sessions.without_person:,} without a person (left out)"
    )
    yield from (f"  bad: {sample}" for sample in log.bad.first)


def _found(fit: "Fit") -> Iterator[str]:
    sessions, gathered, zone = fit.sessions, fit.gathered, fit.options.time_zone
    hours = local_hours(gathered.quarters.items(), zone)
    kinds = sessions.kinds / sessions.kinds.sum()
    yield (
        f"sessions by {sessions.key}, {_gap(fit)}: "
        f"{many(len(fit.requests), 'session')} of {many(sessions.persons, 'person')}"
    )
    yield _statistics("think time, s", fit.think_s)
    yield _statistics("session length, s", fit.length_s)
    yield _statistics("requests per session", fit.requests)
    yield (
        f"share of writes {kinds[1]:.2%}, of administration {kinds[2]:.2%}, "
        f"of non-GET (all rows) {gathered.non_get:.2%}"
    )
    yield f"the same address again in the session {sessions.again / sessions.rows:.2%}"
    yield f"busiest hour {int(hours.argmax())} h ({zone}) with {hours.max() / hours.sum():.2%} of all rows"


def _gap(fit: "Fit") -> str:
    gap_s, long = fit.options.gap_s, fit.sessions.with_long_pause
    if fit.sessions.pauses_split:
        return f"a gap over {format_duration(gap_s)} starts a new one"
    return f"as the log names them (a gap over {format_duration(gap_s)} would split {long:,})"


def _statistics(name: str, sample: Sample) -> str:
    p50, p90, p99 = sample.quantile([0.5, 0.9, 0.99])
    return f"{name}: mean {sample.mean():.2f}, p50 {p50:g}, p90 {p90:g}, p99 {p99:g}"


def many(count: int, what: str) -> str:
    """A count with its noun."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


# -- what a reader should know -----------------------------------------------------------------------


def _notes(fit: "Fit") -> Iterator[str]:
    yield from (f"note: {note}" for note in (*_missing(fit), *_people(fit), *_odd_rows(fit)))


def _missing(fit: "Fit") -> Iterator[str]:
    """What was not found, and what that does."""
    columns = fit.log.columns
    if not fit.gathered.methods:
        yield "no method found: every request counts as a read, unless --kind says otherwise"
    if not {"path", "address", "request"} & columns.keys():
        yield "no path found: page loads cannot be told from clicks, but for the first of a visit"
    if "bytes" not in columns:
        yield "no sizes found: read_size stays what the scenario says"
    if fit.options.exclude and not fit.log.excluded:
        yield "--exclude left no row out"
    if any(file.hosts for file in fit.log.files):
        yield (
            'the column "host" is not looked at, since it may be the machine; where it is the site that was asked, '
            "say --column host=host"
        )


def _people(fit: "Fit") -> Iterator[str]:
    log = fit.log
    if log.refused:
        yield (
            f"{many(log.refused, 'row')} with a user refused (401, 407): that user is a claim, so they count as without "
            "a person"
        )
    by_case: dict[str, list[str]] = {}
    for user in sorted(fit.gathered.users):
        by_case.setdefault(user.casefold(), []).append(user)
    alike = [names for names in by_case.values() if len(names) > 1]
    if alike:
        shown = "; ".join(" = ".join(printable(n, 30) for n in names) for names in alike[:_SHOWN])
        told = f" ({shown})" if not log.bad.veiled else ""
        counted = "count as one" if fit.options.fold_case else "count apart; --fold-case joins them"
        yield f"{many(len(alike), 'account')} written in ways that differ in case alone{told}; they {counted}"


def _odd_rows(fit: "Fit") -> Iterator[str]:
    polls, doubles, gathered = fit.polls, fit.doubles, fit.gathered
    if polls.requests:
        yield _polls(fit)
    if doubles.written_twice:
        done = "each pair counts once" if fit.options.once else "with --once each pair counts once"
        yield f"nearly every row stands twice, as if two handlers had written the log; {done}"
    elif gathered.repeats:
        share = gathered.repeats / doubles.rows
        yield f"{share:.2%} of the rows repeat the row before them to the letter; they are kept"


def _polls(fit: "Fit") -> str:
    polls, rows = fit.polls, fit.doubles.rows
    names = [_trail(fit, number) for number, _ in polls.by_trail.most_common(_SHOWN)]
    more = "" if len(polls.by_trail) <= _SHOWN else f" and {len(polls.by_trail) - _SHOWN} more"
    done = (
        "are left out; --polls keep keeps them"
        if polls.left_out
        else "are kept; --polls drop leaves them out"
    )
    return (
        f"{polls.requests:,} requests ({polls.requests / rows:.1%}) of {many(polls.persons, 'person')} are background polls "
        f"({', '.join(names)}{more}) and {done}"
    )


def _trail(fit: "Fit", number: int) -> str:
    path = fit.gathered.trails.get(number, "a path")
    if fit.log.bad.veiled:
        path = without_names(path, fit.gathered.users)
    beat_s = fit.polls.beat_s.get(number)
    return printable(path, 60) + (f" every {about(beat_s)}" if beat_s else "")


def _inferred(fit: "Fit") -> Iterator[str]:
    tick_s, sessions = fit.gathered.tick_us / 1e6, fit.sessions
    yield (
        f"inferred: requests at most {format_duration(fit.options.page_load_window)} after the one before are one load (a click); "
        "a load that goes back to an address is a page load, since a log has no reload flag; pauses from the rate of "
        "sessions"
    )
    if fit.samples.rounded:
        yield f"laws from values rounded by at most {ROUNDING:.3%} each, since there are too many; means are exact"
    yield (
        f"dropped: how visits end (not in a log); clock resolution {format_duration(tick_s)}, "
        f"{sessions.same_tick / sessions.rows:.0%} of a person's rows at the time of the row before"
    )
