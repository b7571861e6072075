"""Gates are told apart by what they do to the same clicks: histories made by hand or by a simulated gate."""

import math
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from sim.plot import MeasuredWindow, measured
from sim.probe.explain import explanations, not_told_apart
from sim.probe.record import Click, Outcome, Record
from sim.probe.windows import all_windows, ends_on_seconds, summary, window_of, windows
from sim.probe.words import like, part_of

Gate = Callable[[float, float, float], bool]  # now, revoked, signed in -> whether it passes


def cache(life_s: float, whole: bool = False, slides: bool = False) -> Callable[[], Gate]:
    """A gate that keeps a yes, as a program."""

    def new() -> Gate:
        until = -math.inf

        def passes(now: float, revoked: float, signed_in: float) -> bool:
            nonlocal until
            asks = now >= until
            if asks and now >= revoked:
                return False
            if asks or slides:
                until = math.floor(now) + life_s + 1 if whole else now + life_s
            return True

        return passes

    return new


def lifetime(life_s: float) -> Callable[[], Gate]:
    """A token, as a program."""
    return lambda: lambda now, revoked, signed_in: now < signed_in + life_s


def sliding(life_s: float) -> Callable[[], Gate]:
    """A session that clicks extend, as a program."""

    def new() -> Gate:
        until: float | None = None

        def passes(now: float, revoked: float, signed_in: float) -> bool:
            nonlocal until
            if now >= (signed_in + life_s if until is None else until):
                return False
            until = now + life_s
            return True

        return passes

    return new


def checked() -> Gate:
    """Each request is asked about."""
    return lambda now, revoked, signed_in: now < revoked


def open_() -> Gate:
    """Nothing ends it."""
    return lambda now, revoked, signed_in: True


def records(new: Callable[[], Gate], n: int = 8, gap_s: float = 0.2, seed: int = 1) -> list[Record]:
    """What a probe would have seen of a gate: busy repetitions, then some after an absence."""
    draw = random.Random(seed)
    found = []
    for number in range(n + n // 2):
        busy = number < n
        gate, wall = new(), draw.uniform(0, 1)
        start = 10.0 * number
        revoked = start + 0.5 + draw.uniform(0, 8)
        away = draw.uniform(0, 12)
        record = Record(number, "busy" if busy else "idle", wall, (start - 0.002, start))
        now, last_yes = start + 0.001, start
        while now < revoked + 14:
            if not busy and start + 0.002 < now < revoked - 0.3:
                now = revoked - 0.3
            elif record.revoked_s is None and now + 0.005 > revoked:
                record.revoked_s = (revoked - 0.001, revoked + 0.001)
                now = revoked + (0.002 if busy else away)
            at = now + draw.uniform(0, 0.004)
            passes = gate(at + wall, revoked + wall, start + wall - 0.001)
            outcome: Outcome = "yes" if passes else "no"
            record.clicks.append(Click(now, now + 0.004, outcome))
            last_yes = now if passes else last_yes
            if not passes and (record.revoked_s is None or now - last_yes > 3):
                break
            now += gap_s * draw.uniform(1, 1.3)
        record.ended_s = now
        found.append(record)
    return found


@pytest.mark.parametrize(
    ("name", "gate", "life_s"),
    [
        ("each_request", checked, 0.0),
        ("absolute", cache(5.0), 5.0),
        ("absolute", cache(3.3), 3.3),
        ("floor_plus_1", cache(5.0, whole=True), 5.0),
        ("floor_plus_1", cache(1.0, whole=True), 1.0),
        ("sliding_cache", cache(4.0, slides=True), 4.0),
        ("lifetime", lifetime(6.0), 6.0),
        ("sliding_session", sliding(4.0), 4.0),
        ("open", open_, 0.0),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_gate_is_recognised_with_its_lifetime(
    name: str, gate: object, life_s: float, seed: int
) -> None:
    found = explanations(records(gate, seed=seed))  # type: ignore[arg-type]
    best = found[0]
    assert best.explained == best.n
    assert best.gate.name == name
    assert best.low_s - 1e-9 <= life_s <= best.high_s + 1e-9 or not best.gate.lives


def test_what_fits_as_well_is_named() -> None:
    """A life of 30 s that is revoked within the first seconds of it looks like an answer kept for 30 s."""
    early = [r for r in records(lifetime(30.0), n=4) if r.mode == "busy"]
    names = {e.gate.name for e in not_told_apart(explanations(early))}
    assert {"absolute", "lifetime"} <= names | {explanations(early)[0].gate.name}


def test_nothing_is_explained_where_nothing_fits() -> None:
    """In, out, in again: no gate known here."""
    clicks = [Click(i * 0.2, i * 0.2 + 0.004, "yes" if i % 2 else "no") for i in range(1, 40)]
    one = Record(0, "busy", 0.0, (0.0, 0.1), clicks, (2.0, 2.004), 8.0)
    assert explanations([one] * 3)[0].explained == 0
    assert summary(windows([one], "busy")).flapped == 1  # type: ignore[union-attr]


def test_windows_hold_the_truth() -> None:
    """The end of access lies between the last click in and the first out."""
    for record in records(lifetime(6.0), n=20):
        window = window_of(record, 0)
        if record.mode == "busy" and window is not None and record.revoked_s is not None:
            end_s = record.signed_in_s[1] - 0.001 + 6.0 - sum(record.revoked_s) / 2
            assert window.from_s - 0.01 <= end_s <= window.until_s + 0.01


def test_whole_seconds_are_seen_and_not_imagined() -> None:
    """Rayleigh's test at 1 %: seen for a gate of whole seconds; a false alarm once in a hundred for an exact one."""
    seen = ends_on_seconds(records(cache(2.0, whole=True), n=16))
    assert seen is not None and seen < 0.01
    alarms = sum(
        (ends_on_seconds(records(cache(2.3), n=16, seed=s)) or 1) < 0.01 for s in range(60)
    )
    assert alarms <= 4  # of 60 at 1 %: more than 4 by chance in 3 of 10,000 runs


def test_all_windows_are_drawn_with_a_title_that_says_what_was_found() -> None:
    found = [
        MeasuredWindow(mode, w.from_s, w.until_s, w.open)
        for mode, w in all_windows(records(cache(3.0)))
    ]
    picture = measured(found, "a gate")
    assert picture.alt.startswith("a gate: 8 revocations, and no click passed later than")
    assert all(0 <= w.from_s <= w.until_s for w in found)
    never = [MeasuredWindow("busy", 119.8, 120.0, True)] * 3
    assert "no end within 2 min in 3 of 3" in measured(never, "a gate").alt


def test_parts_that_do_the_same_are_named() -> None:
    best = explanations(records(cache(5.0, whole=True)))[0]
    assert "nginx_auth_request" in like(best)
    assert f"# {like(best)}" in part_of(best)
    unknown = replace(best, gate=replace(best.gate, name="nobody's"))
    assert like(unknown) == "" and part_of(unknown).count("#") == 1
