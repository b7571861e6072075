"""The gates that could stand there, each as a small machine that is shown the clicks and says what it may have answered.

A click meets the gate somewhere between its sending and its answer, so times are intervals, and where an interval leaves
a decision open the machine goes both ways. A repetition is explained where at least one way gives what was seen.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sim.probe.record import FIRST, Record

NEVER, ALWAYS = -math.inf, math.inf
Span = tuple[float, float]  # earliest and latest
Clock = Callable[
    [float, float, float], Iterable[Span]
]  # stamped at earliest, at latest, lifetime -> possible ends
REFRESH_S = 2.0  # a question asked beside a request is answered within this

State = tuple[float, float]  # when what the gate holds ends: earliest and latest


def exact(low_s: float, high_s: float, life_s: float) -> Iterator[Span]:
    """Lives exactly its lifetime."""
    yield low_s + life_s, high_s + life_s


def _whole(extra: int) -> Clock:
    def ends(low_s: float, high_s: float, life_s: float) -> Iterator[Span]:
        for second in range(math.floor(low_s), math.floor(high_s) + 1):
            yield second + life_s + extra, second + life_s + extra

    return ends


floor_plus_1 = _whole(
    1
)  # one of N + 1 seconds that ends at the start of its last second is the same


@dataclass(frozen=True)
class Seen:
    """A repetition as a gate would have met it, on the wall clock."""

    signed_in: Span
    revoked: Span
    clicks: tuple[tuple[float, float, bool], ...]

    @classmethod
    def of(cls, record: Record) -> "Seen":
        """The first session's clicks; a repetition in which nothing was revoked has its revocation beyond the end."""
        move = record.wall_s
        revoked = record.revoked_s or (ALWAYS, ALWAYS)
        signed_in = record.signed_in_s
        return cls(
            (signed_in[0] + move, signed_in[1] + move),
            (revoked[0] + move, revoked[1] + move),
            tuple(
                (c.sent_s + move, c.answered_s + move, c.outcome == "yes")
                for c in record.clicks
                if c.who == FIRST and c.outcome != "none"
            ),
        )


Rule = Callable[[Seen, float], bool]  # whether a lifetime explains what was seen


def _may_pass(low_s: float, high_s: float, end: Span) -> tuple[bool, bool]:
    """Whether a click in an interval may come before an end, and whether it may come at or after it."""
    return low_s < end[1], high_s >= end[0]


def each_request(seen: Seen, life_s: float) -> bool:
    """Every click is asked about: it passes before the revocation and not after."""
    return all(_may_pass(low, high, seen.revoked)[not yes] for low, high, yes in seen.clicks)


def never(seen: Seen, life_s: float) -> bool:
    """Nothing ends it."""
    return all(yes for _, _, yes in seen.clicks)


def from_sign_in(clock: Clock) -> Rule:
    """What was issued at the sign-in passes for its lifetime, whatever happens."""

    def explains(seen: Seen, life_s: float) -> bool:
        return any(
            all(_may_pass(low, high, end)[not yes] for low, high, yes in seen.clicks)
            for end in clock(*seen.signed_in, life_s)
        )

    return explains


def session(seen: Seen, life_s: float) -> bool:
    """A session that each accepted click extends, and that no revocation touches."""
    states: set[State] = set(exact(*seen.signed_in, life_s))
    for low, high, yes in seen.clicks:
        states = {
            after
            for end in states
            if _may_pass(low, high, end)[not yes]
            for after in (exact(low, high, life_s) if yes else [end])
        }
    return bool(states)


def cached(clock: Clock, slides: bool = False) -> Rule:
    """A yes is kept for its lifetime from the answer (`slides`: from the last hit); then the next click asks again."""

    def after(
        low: float, high: float, yes: bool, end: State, seen: Seen, life_s: float
    ) -> Iterator[State]:
        hit, asked = _may_pass(low, high, end)
        before, past = _may_pass(low, high, seen.revoked)
        if yes and hit:
            yield from clock(low, high, life_s) if slides else [end]
        if yes and asked and before:
            yield from clock(low, high, life_s)
        if not yes and asked and past:
            yield (NEVER, NEVER)

    return _machine(after)


def stale(clock: Clock) -> Rule:
    """Past its lifetime the old yes serves once more while the question is asked beside it; a no replaces it."""

    def after(
        low: float, high: float, yes: bool, end: State, seen: Seen, life_s: float
    ) -> Iterator[State]:
        hit, old = _may_pass(low, high, end)
        before, past = _may_pass(low, high, seen.revoked)
        if yes and hit:
            yield end
        if yes and old and end[1] != NEVER:
            if before:
                yield from clock(low, high, life_s)
            if past:
                yield (NEVER, high + REFRESH_S)  # serves until the no is there
        if not yes and old and past and end[0] == NEVER:
            yield (NEVER, NEVER)

    return _machine(after)


def _machine(after: Callable[..., Iterator[State]]) -> Rule:
    def explains(seen: Seen, life_s: float) -> bool:
        states: set[State] = {(NEVER, NEVER)}
        first = True
        for low, high, yes in seen.clicks:
            if first and yes:  # nothing is kept yet: the first click is asked about
                states = set(after(low, high, yes, (-1e300, -1e300), seen, life_s))
            else:
                states = {s for end in states for s in after(low, high, yes, end, seen, life_s)}
            first = False
            if not states:
                return False
        return True

    return explains


@dataclass(frozen=True)
class Gate:
    """A kind of gate: its name, in words (with {life}), its rule, whether it has a lifetime and only whole seconds, and
    the part of a scenario that says the same."""

    name: str
    words: str
    explains: Rule
    lives: bool = True
    whole: bool = False
    mechanism: str = ""
    settings: tuple[tuple[str, object], ...] = ()

    def part(self, life_s: float) -> dict[str, dict[str, object]]:
        """Tables of a strategy."""
        if not self.mechanism:
            return {}
        life = {"check": "allow_for"}.get(self.mechanism, "lifetime")
        table = dict(self.settings) | ({life: life_s} if self.lives else {})
        return {self.mechanism: table}


# The plainest first: of those that explain as much, the first is named.
GATES: Sequence[Gate] = (
    Gate("each_request", "each request is checked", each_request, False, mechanism="check"),
    Gate("absolute", "a yes is kept for {life}, exactly", cached(exact), mechanism="check"),
    Gate(
        "floor_plus_1",
        "a yes of second s is kept to the end of second s + {life}",
        cached(floor_plus_1),
        whole=True,
        mechanism="check",
        settings=(("clock", "floor_plus_1"),),
    ),
    Gate(
        "lifetime",
        "what was issued at the sign-in lives {life}, exactly",
        from_sign_in(exact),
        mechanism="token",
    ),
    Gate(
        "lifetime_floor_plus_1",
        "what was issued in second s lives to the end of second s + {life}",
        from_sign_in(floor_plus_1),
        whole=True,
        mechanism="token",
        settings=(("clock", "floor_plus_1"),),
    ),
    Gate(
        "sliding_cache",
        "a yes is kept for {life} from the last click; who clicks is never asked about",
        cached(exact, slides=True),
        mechanism="check",
        settings=(("slides", {"step": 0}),),
    ),
    Gate(
        "sliding_session",
        "a session that each click extends by {life}",
        session,
        mechanism="token",
        settings=(("renewal", "sliding"),),
    ),
    Gate(
        "stale_once",
        "past {life} the old yes serves once more while the question is asked; a no replaces it",
        stale(exact),
        mechanism="check",
        settings=(("refresh", {"stale_for": "none", "refusal_replaces": True}),),
    ),
    Gate(
        "open",
        "nothing ended it while it was watched",
        never,
        False,
        mechanism="token",
        settings=(("lifetime", "30d"),),
    ),
)
