"""The page of the Python interface: it names what `import sim` names, and its examples run."""

import doctest
import inspect
import re

import pytest
from support import ROOT

import sim

PAGE = ROOT / "docs" / "api.md"
QUESTIONS = [sim.compare, sim.recommend, sim.sensitivity, sim.sweep]


def test_the_page_names_what_there_is() -> None:
    assert sorted(re.findall(r"^### `(\w+)`$", PAGE.read_text(), re.MULTILINE)) == sorted(
        sim.__all__
    )


def test_the_examples_run() -> None:
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    done = doctest.testfile(str(PAGE), module_relative=False, optionflags=options)
    assert done.attempted > 25
    assert done.failed == 0


def test_every_name_is_there_and_documented() -> None:
    for name in sim.__all__:
        assert getattr(sim, name) is not None
        assert name == "CATALOGUE" or inspect.getdoc(getattr(sim, name))
    assert set(sim.__all__) < set(dir(sim))
    with pytest.raises(AttributeError, match='did you mean "compare"'):
        _ = sim.cmpare


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_questions_have_the_same_defaults(question: object) -> None:
    parameters = inspect.signature(question).parameters  # type: ignore[arg-type]
    given = {name: parameters[name].default for name in ("strategies", "workers", "seed", "engine", "progress")}  # fmt: skip
    assert given == {
        "strategies": None,
        "workers": None,
        "seed": None,
        "engine": "compiled",
        "progress": True,
    }
