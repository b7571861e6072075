"""One day in more than fifty forms gives the same figures to the digit; a form without a person is refused with a reason."""

from pathlib import Path
from typing import Any

import pytest
from support.logs import put
from support.renderings import REFUSED, RENDERINGS, a_day

from sim.workload.fitting import Fit, fit_log
from sim.workload.logs.options import FitOptions
from sim.workload.logs.problems import LogError

DAY = a_day()


def found(fit: Fit) -> dict[str, Any]:
    """All figures of a fit."""
    return {
        "rows": fit.log.rows,
        "bad": fit.log.bad.first,
        "persons": fit.sessions.persons,
        "nobody": fit.sessions.without_person,
        "kinds": fit.sessions.kinds.tolist(),
        "again": fit.sessions.again,
        "think_s": fit.think_s.tolist(),
        "length_s": fit.length_s.tolist(),
        "requests": fit.requests.tolist(),
        "non_get": fit.gathered.non_get,
        "tables": fit.tables,
        "daily": fit.daily,
        "pause": fit.pause_mean_s,
    }


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = put(tmp_path_factory.mktemp("day"), RENDERINGS["common"][0](DAY))
    return found(fit_log(path))


def test_the_day_is_what_was_invented(day: dict[str, Any]) -> None:
    """Counted from the rows themselves, without sessions: those are counted by hand elsewhere."""
    people = [hit for hit in DAY if hit.user]
    assert (day["rows"], day["nobody"]) == (len(DAY), len(DAY) - len(people))
    assert day["persons"] == 6
    assert len(day["requests"]) == 12
    assert day["kinds"] == [
        sum(hit.method == "GET" for hit in people),
        sum(hit.method == "POST" for hit in people),
        0,
    ]


@pytest.mark.parametrize("name", RENDERINGS)
def test_a_rendering_gives_the_same_figures(name: str, tmp_path: Path, day: dict[str, Any]) -> None:
    write, options = RENDERINGS[name]
    assert found(fit_log(put(tmp_path, write(DAY)), FitOptions.from_table(options))) == day


@pytest.mark.parametrize("name", REFUSED)
def test_a_form_without_a_person_is_refused(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, REFUSED[name](DAY))
    with pytest.raises(LogError, match=r"access.log: no column with a person.*--column user=NAME"):
        fit_log(path)
