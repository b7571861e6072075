"""`lastclick new`: a scenario to start from, plain or after a short interview."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import InputError, file_errors

if TYPE_CHECKING:
    from sim.recommendation.inputs import Input
    from sim.scenario.new import Known

RENEWALS = ("page", "sliding", "host", "host_each", "app")
ASKED = ("account", "session", "permission", "admin")


@dataclass(frozen=True)
class Question:
    """An option of `new`, and how it is asked for. `reads` turns the text into a value, and says what was expected."""

    option: str
    asks: str
    default: str
    reads: Callable[[str], Any]
    help: str
    when: Callable[[dict[str, Any]], bool] = lambda said: True

    @property
    def name(self) -> str:
        """As click has it."""
        return self.option.removeprefix("--").replace("-", "_")


def _range(path: str) -> Callable[[str], Any]:
    """A value of a path of the format, as it is written. Raises ValueError."""

    def read(text: str) -> Any:
        from sim.scenario.keys import quantity_of, range_of

        numbers = range_of(path)
        assert numbers is not None
        if quantity_of(path) == "time":
            numbers(text)
            return text
        value = _number(text)
        numbers(value)
        return value

    return read


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _one_of(words: tuple[str, ...]) -> Callable[[str], Any]:
    def read(text: str) -> str:
        from sim.basics.names import nearest

        if text not in words:
            raise ValueError(f"expected one of {', '.join(words)}{nearest(text, words)}")
        return text

    return read


def _some_of(words: tuple[str, ...]) -> Callable[[str], Any]:
    def read(text: str) -> list[str]:
        found = [_one_of((*words, "nothing"))(part.strip()) for part in text.split(",")]
        return [part for part in found if part != "nothing"]

    return read


def _or_none(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: "none" if text == "none" else read(text)


def _asks(said: dict[str, Any]) -> bool:
    return said.get("renewal") in ("host", "host_each")


QUESTIONS = (
    Question("--people", "How many people use the app?", "500", _range("organisation.people"), "People who use the app."),
    Question("--token", "How long does a token of yours live today?", "10min", _range("strategies.today.token.lifetime"), "Lifetime of the token today."),
    Question("--renewal", "Who renews it? page: only a page load; sliding: each request; host: the client asks the host; app: your own refresh token", "page", _one_of(RENEWALS), f"Who renews it: {', '.join(RENEWALS)}."),
    Question("--revalidates", "What does the host look at when it renews? (account, session, permission, admin, or nothing)", "account,session", _some_of(ASKED), "What a renewal checks.", _asks),
    Question("--check-time", "How long does the host take to say whether somebody may (half of the answers are faster)?", "250ms", _range("host.check.median"), "Median of a check at the host."),
    Question("--check-p95", "And 95 % of the answers are faster than?", "1.6 times that", _range("host.check.p95"), "95 % of checks are faster; default: 1.6 times the median."),
    Question("--network-included", "Did you measure that from your app, so that the network between is in it? (yes, no)", "no", _one_of(("yes", "no")), "Whether the check's time was measured from the app.", lambda said: "check_time" in said),
    Question("--rate-limit", "How many calls a second does the host take from you? (or none)", "10", _or_none(_range("host.rate_limit.per_second")), "Calls a second that the host takes, or none."),
    Question("--webhook", "How long until the host's webhook about a deactivation is with you? (or none: there is no such webhook)", "30s", _or_none(_range("push.delay.mean")), "Mean delay of a webhook, or none."),
    Question("--workers", "How many requests does your app work on at the same time?", "16", _range("app.workers"), "Requests the app works on at once."),
    Question("--exposure", "What would be good enough: 95 % of the revoked are out after?", "15min", _range("goals.exposure_p95"), "Goal: 95 % of exposure windows."),
    Question("--overhead", "And 95 % of honest clicks wait for gates no longer than?", "50ms", _range("goals.auth_overhead_p95"), "Goal: 95 % of honest clicks."),
)  # fmt: skip


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for one in reversed(QUESTIONS):
        command = click.option(one.option, metavar="VALUE", help=one.help)(command)
    return command


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--ask", is_flag=True, help="Ask a few questions first.")
@_options
def new(file: Path, ask: bool, **given: str | None) -> None:
    """Write a commented scenario to start from.

    With --ask a short interview comes first; each question has an option too. An empty answer leaves the office's
    value, which stays a guess.
    """
    from sim.scenario import load
    from sim.scenario.new import new_scenario_text
    from sim.verdict.goals import fewest_cases

    if file.exists():
        raise InputError(f"{file}: exists already; choose another name")
    said = _given(given)
    if ask:
        _interview(said)
    text = new_scenario_text(_known(said), fewest_cases(0.95))
    with file_errors(file):
        file.write_text(text, encoding="utf-8")
    click.echo(f"{file}: written.")
    click.echo(_guesses(load(str(file)), file))
    click.echo(f"Next: lastclick validate {file}\n      lastclick compare {file}")


def _given(given: dict[str, str | None]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for one in QUESTIONS:
        text = given[one.name]
        if text is not None:
            try:
                said[one.name] = one.reads(text)
            except ValueError as error:
                raise InputError(f"{one.option} {text}: {error}") from None
    return said


def _interview(said: dict[str, Any]) -> None:
    """Ask for what no option gave; an empty answer leaves it open."""
    click.echo("Enter leaves what stands in brackets, which is a guess.\n")
    for one in QUESTIONS:
        while one.name not in said and one.when(said):
            text = click.prompt(f"{one.asks} [{one.default}]", default="", show_default=False).strip()  # fmt: skip
            if not text:
                break
            try:
                said[one.name] = one.reads(text)
            except ValueError as error:
                click.echo(f"  {error}")
    click.echo()


def _known(said: dict[str, Any]) -> "Known":
    """The answers as values of a scenario; what was not said is not in it."""
    from sim.scenario.new import GOALS, TODAY, Known

    values: dict[str, Any] = {"cases.admin_loss": {"share": 0.5}}  # of the few: drills are cheap
    measured = []
    if "people" in said:
        values["organisation.people"] = said["people"]
        measured.append("organisation.people")
    if "check_time" in said or "check_p95" in said:
        values["host.check"] = _check(said)
        measured.append("host.check")
    if said.get("network_included") == "yes":
        values["network.app_host"] = "0s"
        measured.append("network.app_host")
    if "rate_limit" in said:
        rate = said["rate_limit"]
        values["host.rate_limit"] = rate if rate == "none" else {"per_second": rate}
        measured.append("host.rate_limit")
    hears = said.get("webhook", "none") != "none"
    if hears:
        values["push.delay"] = {"dist": "exponential", "mean": said["webhook"]}
        measured.append("push.delay")
    if "workers" in said:
        values["app.workers"] = said["workers"]
        measured.append("app.workers")
    token = {**TODAY["token"]}
    token |= {"lifetime": said["token"]} if "token" in said else {}
    token |= {"renewal": said["renewal"]} if "renewal" in said else {}
    token |= {"revalidates": said["revalidates"]} if "revalidates" in said else {}
    if token["renewal"] not in ("host", "host_each"):
        token.pop("revalidates", None) if "renewal" in said else None
    goals = {**GOALS}
    goals |= {"exposure_p95": said["exposure"]} if "exposure" in said else {}
    goals |= {"auth_overhead_p95": said["overhead"]} if "overhead" in said else {}
    without = said.get("webhook") == "none"
    beside = ("short_token", "allowlist" if without else "allowlist_webhook", "per_request")
    return Known(values, tuple(measured), {"token": token}, beside, goals)


def _check(said: dict[str, Any]) -> dict[str, Any]:
    from sim.basics.units import parse_duration
    from sim.basics.wording import format_duration

    median = said.get("check_time", "250ms")
    p95 = said.get("check_p95") or format_duration(round(1.6 * parse_duration(median), 6)).replace(" ", "")  # fmt: skip
    if parse_duration(p95) <= parse_duration(median):
        raise InputError(f"--check-p95 {p95}: expected a time above the median, {median}")
    return {"dist": "lognormal", "median": median, "p95": p95}


def _guesses(scenario: Any, file: Path) -> str:
    """How many inputs nobody measured, and what to do about it."""
    from sim.recommendation.inputs import inputs_of

    guessed: list[Input] = [one for one in inputs_of(scenario)[0] if one.group == "guessed"]
    return (
        f"{len(guessed)} guesses of the office remain: {', '.join(one.key for one in guessed[:2])} ...\n"
        f"  which of them matter: lastclick sensitivity {file}\n"
        "  from your own log:    lastclick fit LOG"
    )
