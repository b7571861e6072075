"""Can `lastclick verify` see a mistake? Rules are broken on purpose, one at a time, in a copy of the program."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import ROOT

from sim.engine import ENGINES


@dataclass(frozen=True)
class Mutation:
    """What is broken, where, and how; `engine` is the one that shows it."""

    name: str
    file: str
    old: str
    new: str
    engine: str = "reference"


MUTATIONS = (
    Mutation(
        "expiry <=",
        "engine/app.py",
        "self._clock.now < credential.expires_s + self._leeway_s",
        "self._clock.now <= credential.expires_s + self._leeway_s",
    ),
    Mutation(
        "leeway forgotten by the verifier",
        "engine/app.py",
        "self._clock.now < credential.expires_s + self._leeway_s",
        "self._clock.now < credential.expires_s",
    ),
    Mutation(
        "leeway forgotten in the window",
        "engine/person.py",
        "                credential.expires_s + self.world.leeway_s\n",
        "                credential.expires_s\n",
    ),
    Mutation(
        "entry valid at its expiry",
        "engine/app.py",
        "self._clock.now < request.page.entry_expires_s",
        "self._clock.now <= request.page.entry_expires_s",
    ),
    Mutation(
        "kept decision valid at its expiry",
        "engine/app.py",
        "not self._clock.now < decision.expires_s",
        "not self._clock.now <= decision.expires_s",
    ),
    Mutation(
        "a yes kept as long as a no",
        "engine/app.py",
        "keep_s = check.allow_for_s if grants[request.kind] else check.deny_for_s",
        "keep_s = check.deny_for_s",
    ),
    Mutation(
        "the denylist names nothing",
        "engine/app.py",
        "return credential.stamped_s <= self._refused_stamps_s.get(person, -math.inf)",
        "return False",
    ),
    Mutation(
        "the client keeps an expired token",
        "engine/person.py",
        "self._clock.now < self.page.held.expires_s",
        "self._clock.now <= self.page.held.expires_s",
    ),
    Mutation(
        "early renewal comes at expiry",
        "engine/person.py",
        "due_s = held.stamped_s + refresh_at * (held.expires_s - held.stamped_s)",
        "due_s = held.expires_s",
    ),
    Mutation(
        "attempts are lost when they should arrive",
        "engine/push.py",
        "uniform(keys.loss, n, attempt) < self._settings.loss",
        "uniform(keys.loss, n, attempt) >= self._settings.loss",
    ),
    Mutation(
        "the waits of retries do not grow",
        "engine/push.py",
        "* retries.backoff**attempt",
        "* retries.backoff",
    ),
    Mutation(
        "a renewal sees every cause",
        "mechanisms.py",
        'return self.renewal in ("host", "host_each") and SEEN_THROUGH[cause] in self.revalidates',
        'return self.renewal in ("host", "host_each")',
    ),
    Mutation(
        "a check of writes checks reads",
        "mechanisms.py",
        '"writes": frozenset({Kind.WRITE}),',
        '"writes": frozenset({Kind.READ}),',
    ),
    Mutation(
        "tokens live a twentieth longer",
        "engine/world.py",
        "expires_s = now_s + lifetime(u_lifetime)",
        "expires_s = now_s + 1.05 * lifetime(u_lifetime)",
    ),
    Mutation(
        "kinds drawn from the stream of think times",
        "workload/synthetic.py",
        "return pick(uniform(self._kind, click), self._laws.kinds)",
        "return pick(uniform(self._think, click), self._laws.kinds)",
    ),
    Mutation(
        "the hit ratio of sliding expiry for fixed lifetimes",
        "theory.py",
        "    return x / (1 + x)\n",
        "    return -math.expm1(-x)\n",
    ),
    Mutation(
        "half of the mean lifetime for random ones",
        "theory.py",
        "mean = second_s2 / (2 * mean_s)",
        "mean = mean_s / 2",
    ),
    Mutation(
        "intervals of the normal law",
        "statistics.py",
        "return float(stdtrit(degrees, 0.5 + level / 2))",
        "return float(stdtrit(10**6, 0.5 + level / 2))",
    ),
    Mutation(
        "compiled: expiry <=",
        "engine/compiled/gates.py",
        "if not w.now < p.expires + w.leeway:",
        "if not w.now <= p.expires + w.leeway:",
        "compiled",
    ),
    Mutation(
        "compiled: leeway forgotten by the verifier",
        "engine/compiled/gates.py",
        "if not w.now < p.expires + w.leeway:",
        "if not w.now < p.expires:",
        "compiled",
    ),
    Mutation(
        "compiled: leeway forgotten in the window",
        "engine/compiled/revocation.py",
        "found = max(found, k.expires + w.leeway)",
        "found = max(found, k.expires)",
        "compiled",
    ),
    Mutation(
        "compiled: entry valid at its expiry",
        "engine/compiled/gates.py",
        "return NO_REASON if w.now < entry_of",
        "return NO_REASON if w.now <= entry_of",
        "compiled",
    ),
    Mutation(
        "compiled: kept decision valid at its expiry",
        "engine/compiled/gates.py",
        "if w.remembers and now < memory.answers_until(w, person).x:",
        "if w.remembers and now <= memory.answers_until(w, person).x:",
        "compiled",
    ),
    Mutation(
        "compiled: a yes kept as long as a no",
        "engine/compiled/gates.py",
        "keep = w.allow_for if granted else w.deny_for",
        "keep = w.deny_for",
        "compiled",
    ),
    Mutation(
        "compiled: the denylist names nothing",
        "engine/compiled/revocation.py",
        "return w.names_tokens != 0 and stamped <= memory.stamped_until(w, person).x",
        "return w.names_tokens != 0 and stamped < -INF",
        "compiled",
    ),
    Mutation(
        "compiled: early renewal comes at expiry",
        "engine/compiled/person.py",
        "due = g.held_stamped + w.refresh_at * (g.held_expires - g.held_stamped)",
        "due = g.held_expires",
        "compiled",
    ),
    Mutation(
        "compiled: the waits of retries do not grow",
        "engine/compiled/beside.py",
        "wait *= w.backoff ** float(t.attempt)",
        "wait *= w.backoff",
        "compiled",
    ),
    Mutation(
        "compiled: the cap from the page load is forgotten",
        "engine/compiled/person.py",
        "return min(lasts, page_stamped + w.absolute)",
        "return lasts",
        "compiled",
    ),
)


@pytest.mark.nightly
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_rule_is_seen(mutation: Mutation, tmp_path: Path) -> None:
    done = verify_broken(mutation, tmp_path)
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
    assert "DISAGREEMENT in" in done.stdout


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ENGINES)
def test_the_copy_without_a_mutation_agrees(engine: str, tmp_path: Path) -> None:
    nothing = Mutation(
        "nothing", "engine/app.py", "self._clock.now < ", "self._clock.now < ", engine
    )
    assert verify_broken(nothing, tmp_path).returncode == 0


def test_every_mutation_still_fits_the_source() -> None:
    for mutation in MUTATIONS:
        source = (ROOT / "sim" / mutation.file).read_text(encoding="utf-8")
        assert mutation.old in source, mutation.name
        assert mutation.new != mutation.old


def verify_broken(mutation: Mutation, folder: Path) -> "subprocess.CompletedProcess[str]":
    """`lastclick verify --quick` of a copy of the program with the mutation in it, on one engine alone.

    So theory and arithmetic must see it; that the other engine differs would be an easier proof.
    """
    for part in ("sim", "scenarios"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "sim" / mutation.file
    source = path.read_text(encoding="utf-8")
    path.write_text(source.replace(mutation.old, mutation.new, 1), encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": str(folder),
        "NUMBA_CACHE_DIR": str(folder / "numba"),
    }
    return subprocess.run(
        [sys.executable, "-m", "sim", "verify", "--quick", "--engine", mutation.engine],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
