"""One text for a value, wherever it is shown; and the nearest name for an unknown one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT, browser

from sim.basics.names import UnknownName, known, nearest
from sim.basics.statistics import Estimate
from sim.basics.units import parse_duration
from sim.basics.wording import (
    about,
    format_duration,
    number_text,
    percent_text,
    seconds_between,
    seconds_text,
)

AN_HOUR_AND_A_BIT = "1 h 56 min 40 s"


def test_seven_thousand_seconds_read_alike_everywhere() -> None:
    alone = Estimate(7000.0, None, None, 5)
    said = [format_duration(7000), about(7000), seconds_text(alone), seconds_between(alone)]
    assert said == [AN_HOUR_AND_A_BIT] * 4


def test_a_value_with_its_interval_is_said_in_one_unit_to_the_digits_it_supports() -> None:
    e = Estimate(7000.0, 6900.0, 7100.0, 5)
    assert seconds_text(e) == "1.94 ±0.03 h"
    assert seconds_between(e) == "1.94 h [1.92, 1.97]"
    assert seconds_text(Estimate(150.6, 142.0, 159.2, 5)) == "2.51 ±0.14 min"
    assert number_text(Estimate(0.641, 0.632, 0.650, 5)) == "0.641 ±0.009"
    assert percent_text(Estimate(0.121, 0.113, 0.129, 5)) == "12.1 ±0.8 %"
    assert number_text(Estimate(123_456.7, 123_456.6, 123_456.8, 5)) == "123500 ±<100"
    assert seconds_between(Estimate(math.inf, math.inf, math.inf, 5)) == "no end"
    assert seconds_between(Estimate(60.0, 55.0, math.inf, 5)) == "1 min [55 s, no end]"
    assert [show(Estimate(math.nan, None, None, 0)) for show in (seconds_text, number_text)] == ["-", "-"]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"), (2.7e-5, "27 µs"), (0.0043, "4.3 ms"), (0.9999, "1 s"), (47, "47 s"), (59.97, "1 min"), (60, "1 min"),
        (187.4, "3 min 7 s"), (3599, "1 h"), (5400, "1 h 30 min"), (26_040, "7 h 14 min"), (90_000, "25 h"),
        (100_123, "27 h 50 min"), (172_800, "2 d"), (864_000, "10 d"), (1_052_345, "12 d 4 h"), (-90, "-1 min 30 s"),
        (math.inf, "no end"), (math.nan, "-"),
    ],
)  # fmt: skip
def test_times_as_people_say_them(value: float, text: str) -> None:
    assert about(value) == text


@given(st.floats(1e-6, 1e8))
def test_what_is_said_is_the_value_to_three_digits(value: float) -> None:
    # a step that people round to is at most 1 % of the value, but for the whole second just above a minute
    assert parse_duration(about(value)) == pytest.approx(value, rel=0.0085)


@given(st.integers(1, 10**7), st.sampled_from(["us", "ms", "s", "min", "h", "d"]))
def test_what_was_set_is_said_exactly(number: int, unit: str) -> None:
    value = parse_duration(f"{number}{unit}")
    exact = (
        60 if value >= 172_800 else 1 if value >= 3600 else 0.01 if value >= 60 else 1e-3 * value
    )
    assert abs(parse_duration(format_duration(value)) - value) <= exact / 2 * (1 + 1e-9)


def test_the_explorer_says_times_as_the_rest() -> None:
    source = (ROOT / "sim/explore/templates/explore.js").read_text()
    body = source[source.index("  const UNITS") : source.index("  const show")]
    values = [
        m * 10.0**e for e in range(-6, 8) for m in (1, 1.0049, 1.874, 3.6, 5.4, 7, 8.64, 9.996)
    ]
    with browser.chromium() as program:
        page = program.new_page()
        said = page.evaluate(f"values => {{ {body}; return values.map(seconds); }}", values)
        page.close()
    assert said == [about(value) for value in values]


def test_the_nearest_name_is_offered() -> None:
    assert known("cause", "logout", ["logout"]) == "logout"
    with pytest.raises(UnknownName, match='there is no cause "logut"; did you mean "logout"\\?'):
        known("cause", "logut", ["deactivation", "logout"])
    assert nearest("qqq", ["b", "a"]) == "; known here: a, b"


@pytest.mark.parametrize("written", ["get_close_matches", "did you mean", '"p95": 0.95'])
def test_it_is_written_once(written: str) -> None:
    found = {path.name for path in (ROOT / "sim").rglob("*.py") if written in path.read_text()}
    assert len(found) == 1, found


@given(st.floats(1e-12, 1e15), st.floats(1e-15, 1e15))
def test_every_value_with_an_interval_has_a_text(value: float, half: float) -> None:
    e = Estimate(value, value - half, value + half, 5)
    for text in (seconds_text(e), number_text(e), percent_text(e), seconds_between(e)):
        assert any(digit.isdigit() for digit in text)
