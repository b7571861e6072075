"""Can `lastclick verify` see a mistake? Rules are broken on purpose, one at a time, in a copy of the program."""

import re
from pathlib import Path

import pytest
from support import ROOT
from support.broken_rules import MUTATIONS
from support.mutations import END, MARK, Mutation, broken, place_of, seen_by, verify_broken

from sim.engine import ENGINES


@pytest.mark.nightly
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.id)
def test_a_broken_rule_is_seen(mutation: Mutation, tmp_path: Path) -> None:
    done = verify_broken(mutation, mutation.engine, tmp_path)
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
    assert seen_by(done)


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ENGINES)
def test_the_copy_without_a_mutation_agrees(engine: str, tmp_path: Path) -> None:
    done = verify_broken(None, engine, tmp_path)
    assert done.returncode == 0
    assert seen_by(done) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.id)
def test_a_mutation_fits_the_source(mutation: Mutation) -> None:
    path, text = broken(mutation)
    assert text != (ROOT / path).read_text(encoding="utf-8")
    compile(text, str(path), "exec")


def test_a_rule_that_stands_nowhere_or_twice_is_an_error() -> None:
    with pytest.raises(LookupError, match="0 times"):
        place_of(Mutation("none", "no_such_rule", "a", "b"))
    with pytest.raises(LookupError, match="times"):
        place_of(Mutation("many", "", "import", "export"))


def test_at_least_thirty_rules_are_broken_on_one_engine() -> None:
    ids = [mutation.id for mutation in MUTATIONS]
    assert len(ids) == len(set(ids))
    assert sum(mutation.engine == "compiled" for mutation in MUTATIONS) >= 30


def test_the_page_shows_what_saw_the_broken_rules() -> None:
    """Renew it with: PYTHONPATH=.:tests python -m support.mutations docs/validation.md"""
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    table = page.partition(MARK)[2].partition(END)[0]
    shown = []
    for part in table.split("\nOn the ")[1:]:
        engine, *rows = re.findall(r"^(\w+) engine|^\| (.+) \| .+: .+ \|$", part, re.MULTILINE)
        shown += [f"{engine[0]}: {name}" for _, name in rows]
    assert sum(name.startswith("compiled: ") for name in shown) >= 30
    assert shown == [mutation.id for mutation in MUTATIONS if mutation.id in shown]
    assert "**none**" not in table
