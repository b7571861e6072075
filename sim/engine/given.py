"""What a run is given, and what of it the engine's settings are: a scenario, a strategy, the laws of the plans."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sim.basics.distributions import Constant, Law
from sim.engine.limits import CELLS_PER_S, MOST_CELLS
from sim.engine.recording import window_s
from sim.model.causes import SEEN_THROUGH, Cause, Kind
from sim.model.mechanisms import (
    CHECK_SEES,
    HOST,
    Allowlist,
    Check,
    Effect,
    Push,
    Renewal,
    Token,
)
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.scenario.channels import PushChannel
from sim.scenario.deciders import Decider
from sim.workload import plan_laws
from sim.workload.synthetic import PlanLaws

EVERYBODY = -1
NO_TOKEN = 0  # beside the numbers of `Renewal`
NEVER, ALTERNATING, ONCE = range(3)  # outages


@dataclass(frozen=True)
class Given:
    """Where paths begin: `scenario.run.horizon_s`, `token.leeway_s`, `plan.pause`."""

    scenario: Scenario
    strategy: Strategy
    plan: PlanLaws
    tracing: bool
    traced: int = EVERYBODY
    moments: int = 0  # at which each person is asked; 0: there are no virtual cases

    @staticmethod
    def of(
        scenario: Scenario,
        strategy: Strategy,
        tracing: bool,
        traced: int | None = None,
        moments: int = 0,
    ) -> "Given":
        """With the laws of the plans; `traced`: the person whose events are kept, where not everybody's are."""
        whose = EVERYBODY if traced is None else traced
        return Given(scenario, strategy, plan_laws(scenario), tracing, whose, moments)

    @property
    def token(self) -> Token | None:
        return self.strategy.token

    @property
    def allowlist(self) -> Allowlist | None:
        return self.strategy.allowlist

    @property
    def check(self) -> Check | None:
        """The one check; None where there is none, or where there are several."""
        return self.checks[0] if len(self.checks) == 1 else None

    @property
    def checks(self) -> tuple[Check, ...]:
        return self.strategy.checks

    @property
    def deciders(self) -> dict[str, Decider]:
        """Those that the strategy's checks ask beside the host, by name."""
        names = dict.fromkeys(check.at for check in self.checks if check.at != HOST)
        return {name: self.scenario.deciders[name] for name in names}

    @property
    def channels(self) -> dict[str, PushChannel]:
        """Those that the strategy listens to, by name."""
        return {p.channel: self.scenario.channel(p.channel) for p in self.strategy.pushes}

    def at(self, path: str) -> Any:
        """What a path leads to; None where it meets None on the way."""
        found: Any = self
        for name in path.split("."):
            found = getattr(found, name)
            if found is None:
                return None
        return found


def mask(bits: Iterable[Any]) -> int:
    """A bit for each that holds."""
    return sum(1 << place for place, bit in enumerate(bits) if bit)


# -- run ----------------------------------------------------------------------------------------


def runs_ahead(given: Given) -> bool:
    """Whether nobody else changes anything for a person without a case between two meetings (`calendar`).

    Not where workers are held from one meeting to the next, where tokens or answers are renewed in the background, where pages send
    by themselves, and where events about logouts arrive later. Nor where the network may take no time: what arrives in the very instant in which it was sent
    comes after what was due in that instant.
    """
    network = given.scenario.network
    end_s = given.scenario.run.end_s
    at_once = some_take_no_time(end_s, network.client_app, network.client_host)
    told = told_of_logouts(given) or refreshes(given)
    asked = refreshes_answers(given)
    beside = told or asked or polls(given) or connects(given)
    return not (given.tracing or given.scenario.app.holds_worker or beside or at_once)


def some_take_no_time(end_s: float, *laws: Law) -> bool:
    """Whether a time of one of them, added to the clock, can leave it as it is: once in a thousand million draws."""
    return any(law.draws_0() or law.quantile(1e-9) <= math.ulp(end_s) for law in laws)


def window_from(given: Given) -> float:
    return window_s(given.scenario)[0]


def window_until(given: Given) -> float:
    return window_s(given.scenario)[1]


def kept_of_blocked(given: Given, least: int, each: int) -> int:
    """Room for what one event can set going: where workers are held, as much as there are people."""
    people = given.scenario.organisation.people
    return least + (each * people if given.scenario.app.holds_worker else 0)


def thinks_by_kind(given: Given) -> bool:
    """Whether the time before a click is drawn from the law of its kind."""
    return given.plan.think_write is not None or given.plan.think_admin is not None


def log_visits(given: Given) -> int:
    """Number of visits of the log that is replayed."""
    return 0 if given.plan.visits is None else len(given.plan.visits.pages) - 1


def cells_of(given: Given) -> tuple[int, float]:
    """Cells of time in which is counted what people take who are run one after the other, and how many a second; none where no
    capacity is finite."""
    scenario = given.scenario
    servers = (scenario.app.workers, scenario.host.servers, scenario.auth_server.servers)
    if scenario.host.rate_limit is None and all(map(math.isinf, servers)):
        return 0, 0.0
    number = min(MOST_CELLS, math.ceil(scenario.run.end_s * CELLS_PER_S))
    return number, number / scenario.run.end_s


# -- parties ------------------------------------------------------------------------------------


def outages(settings: Any) -> int:
    if settings is None:
        return NEVER
    return ONCE if settings.every is None else ALTERNATING


def nodes(given: Given) -> int:
    """Of the app."""
    return given.scenario.app.nodes


def answer_copies(given: Given) -> int:
    """How often each answer of the host is kept: once, or by each node."""
    return nodes(given) if any(check.cached == "node" for check in given.checks) else 1


def fans_out(given: Given) -> bool:
    """Whether nodes keep for themselves what events leave."""
    return any(push.held == "node" for push in given.strategy.pushes)


def event_copies(given: Given) -> int:
    """How often what events leave is kept."""
    return nodes(given) if fans_out(given) else 1


# -- the token ----------------------------------------------------------------------------------


def renewal(given: Given) -> int:
    return NO_TOKEN if given.token is None else Renewal[given.token.renewal.upper()]


def can_renew(given: Given) -> bool:
    return given.token is not None and given.token.asks != "nobody"


def refreshes(given: Given) -> bool:
    """Whether tokens are renewed in the background."""
    return given.token is not None and bool(given.token.refresh_at)


def renewal_refuses(given: Given) -> int:
    """The causes for which a renewal is refused whatever is asked for."""
    seen = set() if given.token is None else set(given.token.revalidates) - {"admin"}
    return mask(SEEN_THROUGH[cause] in seen for cause in Cause)


def renewal_sees(given: Given) -> int:
    return mask(given.token is not None and given.token.renewal_sees(cause) for cause in Cause)


def renewal_asks_admin(given: Given) -> bool:
    token = given.token
    return token is not None and token.asks == "host" and "admin" in token.revalidates


def rotates(given: Given) -> bool:
    """Whether refresh tokens are spent by their use."""
    return given.token is not None and given.token.rotation is not None


def keeps_longest(given: Given) -> bool:
    """Whether people without a case are asked while more than one token of a page lives."""
    renewable = given.token is not None and given.token.renewal != "page"
    return renewable and given.moments > 0


def use_changes(given: Given) -> bool:
    """Whether an accepted request changes how long something lasts: it spends, re-issues or prolongs."""
    token = given.token
    by_token = token is not None and (token.renewal == "sliding" or bool(token.uses))
    return by_token or entry_slides(given)


def entry_slides(given: Given) -> bool:
    """Whether use prolongs entries of the allowlist."""
    return given.allowlist is not None and given.allowlist.renewal == "sliding"


# -- devices and tabs ---------------------------------------------------------------------------


def several(given: Given) -> bool:
    """Whether people have more than one page, or something that outlives a page."""
    scenario = given.scenario
    one = scenario.organisation.devices == Constant(value=1.0) and scenario.workload.tabs == 1
    return not one or cookie(given) or shared_entry(given)


def cookie(given: Given) -> bool:
    return given.token is not None and given.token.held_by == "device"


def shared_entry(given: Given) -> bool:
    return given.allowlist is not None and given.allowlist.of == "device"


def everywhere(given: Given) -> bool:
    """Whether the sign-out of a case ends the sessions of all devices."""
    return bool(given.at("scenario.cases.logout.of") == "everywhere")


# -- what pages send by themselves --------------------------------------------------------------


def polls(given: Given) -> bool:
    """Whether open pages send requests by themselves."""
    return given.scenario.workload.poll is not None


def polls_unseen(given: Given) -> bool:
    """Whether they do so while nobody uses them."""
    poll = given.scenario.workload.poll
    return poll is not None and poll.when == "open"


def hides(given: Given) -> bool:
    """Whether timers of pages that nobody uses are slow."""
    return given.scenario.workload.hidden_tabs is not None


def connects(given: Given) -> bool:
    """Whether pages keep a connection."""
    return given.strategy.connection is not None


def lines_a_page(given: Given) -> int:
    """How many lines there are of a page: of its timer, and of its connection."""
    return int(polls(given) or hides(given)) + int(connects(given)) or 1


def has_lines(given: Given) -> bool:
    """Whether something is kept of what pages do by themselves."""
    return polls(given) or hides(given) or connects(given)


def runs_out(given: Given) -> bool:
    """Whether the server closes connections after a while."""
    return given.at("strategy.connection.lasts") is not None


def connection_kinds(given: Given) -> int:
    connection = given.strategy.connection
    return mask(connection is not None and connection.carries(kind) for kind in Kind)


def connection_kind(given: Given) -> int:
    """Of its kinds the first one that is checked: one no refuses all."""
    kinds = connection_kinds(given)
    checked = mask(any(check.covers(kind) for check in given.checks) for kind in Kind)
    both = kinds & checked or kinds
    return next((kind for kind in Kind if (both >> kind) & 1), Kind.READ)


def messages(given: Given) -> bool:
    """Whether the server sends over connections by itself."""
    return given.at("strategy.connection.messages") is not None


# -- checks -------------------------------------------------------------------------------------


def check_kinds(check: Check) -> int:
    return mask(check.covers(kind) for kind in Kind)


def check_sees(check: Check) -> int:
    return mask(check.sees(cause) for cause in Cause)


def check_refuses(check: Check) -> int:
    """The causes for which a check is refused whatever kind is asked for."""
    seen = CHECK_SEES[check.asks] - {"admin"}
    return mask(SEEN_THROUGH[cause] in seen for cause in Cause)


def keeps_answers(check: Check) -> bool:
    """Whether the app keeps answers of the host."""
    return max(check.allow_for_s, check.deny_for_s) > 0 or check.stale_for_s is not None


def by_device(given: Given, check: Check) -> bool:
    """Whether its answers are about a session, of which a person has one a device."""
    return several(given) and check.asks == "session"


def slide_step(check: Check) -> float:
    return 0.0 if check.slides is None else check.slides.step * check.allow_for_s


def stale_for(check: Check) -> float:
    """How long an old yes answers while it is asked about."""
    refresh = check.refresh
    return INF if refresh is None or refresh.stale_for_s is None else float(refresh.stale_for_s)


def remembers(given: Given) -> bool:
    return any(map(keeps_answers, given.checks))


def answers_a_device(given: Given) -> bool:
    return any(by_device(given, check) for check in given.checks)


def serves_stale(given: Given) -> bool:
    """Whether the last answer serves where there is none now."""
    return any(check.stale_for_s is not None for check in given.checks)


def slides(given: Given) -> bool:
    """Whether hits prolong a kept yes."""
    return any(check.slides is not None for check in given.checks)


def refreshes_answers(given: Given) -> bool:
    """Whether an old yes answers while it is asked about."""
    return any(check.refresh is not None for check in given.checks)


def refusal_replaces(given: Given) -> bool:
    return any(
        check.refresh is not None and check.refresh.refusal_replaces for check in given.checks
    )


# -- push ---------------------------------------------------------------------------------------


def push_causes(given: Given) -> int:
    return causes_of(given.strategy.pushes)


def causes_of(pushes: Iterable[Push]) -> int:
    """Of which some of these tell."""
    pushes = tuple(pushes)
    return mask(any(push.carries(cause) for push in pushes) for cause in Cause)


def effects(given: Given) -> set[Effect]:
    return {Effect[push.effect.upper()] for push in given.strategy.pushes}


def names_tokens(given: Given) -> bool:
    return not effects(given).isdisjoint((Effect.DENYLIST, Effect.NOT_BEFORE))


def looks_at_stamps(given: Given) -> bool:
    """Whether a token can be refused for its stamp."""
    return names_tokens(given) or (given.token is not None and given.token.not_before)


def clocks_differ(given: Given) -> bool:
    """Whether a clock may be wrong that stamps or judges tokens."""
    scenario = given.scenario
    clocks = (scenario.app, scenario.host, scenario.auth_server)
    return given.token is not None and any(
        clock.clock_offset != Constant(value=0.0) for clock in clocks
    )


def compares_clocks(given: Given) -> bool:
    """Whether stamps of clocks that may differ are compared with an event's."""
    return clocks_differ(given) and Effect.NOT_BEFORE in effects(given)


def keeps_older(given: Given) -> bool:
    """Whether a token can pass that expires before a newer one which does not."""
    return clocks_differ(given) or (given.token is not None and bool(given.token.uses))


def keeps_latest(given: Given) -> bool:
    """Whether a denylist keeps an event until what it names would have expired."""
    return Effect.DENYLIST in effects(given)


def leaves_entries(given: Given) -> bool:
    """Whether an event can drop entries that closed and replaced pages left."""
    drops = Effect.DROP_ENTRIES in effects(given)
    return drops and given.allowlist is not None and not shared_entry(given)


def told_of_logouts(given: Given) -> bool:
    """Whether events can arrive about people without a case."""
    return any(push.carries(Cause.LOGOUT) for push in given.strategy.pushes)


INF = math.inf
