"""Bad scenario files: each is refused with file, line, key and what was expected; the command exits with 2."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import main
from sim.scenario import ScenarioError, load

# name: (text, line or None, what the message says)
BAD = {
    "unknown table": ("format = 1\n[hosst]\nservers = 1", 2, 'did you mean "host"?'),
    "unknown key": ("format = 1\n[host]\nchek = 1", 3, 'did you mean "check"?'),
    "unknown key in a law": ('[workload]\nthink = { dist = "exponential", meen = "7s" }', 2, "meen"),
    "unknown law": ('[workload]\nthink = { dist = "exponentiel", mean = "7s" }', 2, "exponential"),
    "key of a law": ('[workload]\nthink = { dist = "exponential", mean = "7s", mox = "9s" }', 2, 'did you mean "max"?'),
    "value as TOML": ("[app]\nholds_worker = 2\nverify = true", 3, "app.verify = true: expected a duration"),
    "devices without end": ('[organisation]\ndevices = "unlimited"', 2, "expected a whole number of at least 1 and at most"),
    "law for a time": ('[host]\nretry_after = { dist = "constant" }', 2, 'host.retry_after = { dist = "constant" }: expected'),
    "wrong unit": ('[run]\nhorizon = "10 hours"', 2, "expected a duration"),
    "no unit": ('[run]\nhorizon = "10"', 2, "expected a duration"),
    "negative time": ('[run]\ndrain = "-5min"', 2, "at least 0"),
    "zero horizon": ("[run]\nhorizon = 0", 2, "above 0"),
    "NaN": ("[run]\nhorizon = nan", 2, "finite"),
    "infinite": ("[run]\nhorizon = inf", 2, "finite"),
    "bool as time": ("[run]\nhorizon = true", 2, "expected a duration"),
    "text as number": ('[organisation]\npeople = "many"', 2, "organisation.people"),
    "no people": ("[organisation]\npeople = 0", 2, "organisation.people"),
    "half a person": ("[organisation]\npeople = 1.5", 2, "organisation.people"),
    "share above 1": ("[organisation]\nadmins = 1.5", 2, "organisation.admins"),
    "negative share": ("[organisation]\nadmins = -0.1", 2, "organisation.admins"),
    "NaN share": ("[organisation]\nadmins = nan", 2, "expected a number"),
    "kinds": ("[workload]\nkinds = { read = 0.5, write = 0.4 }", 2, "{ read = 0.5, write = 0.4 }: the shares sum to 0.9"),
    "visit ends": ("[workload]\nvisit_ends = { close = 0.5 }", 2, "sum to 0.5"),
    "probabilities": ("[behaviour]\nprobabilities = { leave = 0.7, storm = 0.7 }", 2, "sum to 1.4"),
    "cause shares": ("[cases]\ndeactivation = { share = 0.9 }\nlogout = { share = 0.9 }", None, "at most 1"),
    "share and rate": ("[cases]\nlogout = { share = 0.1, per_month = 0.1 }", 2, "either share or per_month"),
    "cases backwards": ('[cases]\nfrom = "5h"\nuntil = "4h"', 3, 'cases.until = "4h": expected a time after from'),
    "shift backwards": ('[organisation]\nshift = { start = "2h", end = "1h" }', 2, "after start"),
    "unknown strategy": ("[strategies.short_tokn]", 1, 'did you mean "short_token"?'),
    "strategy no table": ("[strategies]\nshort_token = 5", 2, "expected a table"),
    "unknown mechanism": ('[strategies.short_token]\ntokn = "5min"', 2, 'did you mean "token"?'),
    "unknown setting": ("[strategies.short_token]\ntoken = { lifetme = 5 }", 2, 'did you mean "lifetime"?'),
    "zero lifetime": ('[strategies.short_token]\ntoken = { lifetime = "0s" }', 2, "above 0"),
    "bad renewal": ('[strategies.short_token]\ntoken = { renewal = "daily" }', 2, "renewal"),
    "bad refresh_at": ('[strategies.host_token]\ntoken = { refresh_at = 1.5 }', 2, "refresh_at"),
    "refresh_at and page": ("[strategies.short_token]\ntoken = { refresh_at = 0.5 }", 2, "refresh_at needs"),
    "bad scope": ('[strategies.per_request]\ncheck = { scope = "everything" }', 2, "scope"),
    "bad effect": ('[strategies.layered]\npush = { effect = "forget" }', 2, "effect"),
    "bad cause": ('[strategies.layered]\npush = { causes = ["fired"] }', 2, "causes"),
    "workers 0": ("[app]\nworkers = 0", 2, "unlimited"),
    "count 0": ("[workload]\npages_per_visit = 0", 2, "at least 1"),
    "geometric below 1": ('[workload]\npages_per_visit = { dist = "geometric", mean = 0.5 }', 2, "mean"),
    "lognormal mixed": ('[host]\ncheck = { dist = "lognormal", median = "1s", cv = 1 }', 2, "host.check"),
    "uniform backwards": ('[host]\ncheck = { dist = "uniform", low = "2s", high = "1s" }', 2, "host.check"),
    "quantiles fall": ('[host]\ncheck = { dist = "empirical", quantiles = [2, 1] }', 2, "host.check"),
    "loss 2": ("[push]\nloss = 2", 2, "push.loss"),
    "two kinds of outage": ('[host]\noutages = { every = "1h", starts = "1h", lasts = "1min" }', 2, "either"),
    "daily no list": ('[workload]\ndaily = { a = 1 }', 2, "workload.daily = { a = 1 }: expected a list"),
    "causes no list": ('[strategies.layered]\npush = { causes = "logout" }', 2, 'causes = "logout": expected a list'),
    "no switch": ("[app]\nholds_worker = 2", 2, "app.holds_worker = 2: expected true or false"),
    "no text": ("title = 5", 1, "title = 5: expected text"),
    "daily 23": ("[workload]\ndaily = [1, 1]", 2, "24 weights"),
    "log without mode": ('[workload]\nlog = "x.log"', 2, "log and mode"),
    "mode without log": ('[workload]\nmode = "fitted"', 2, 'workload.mode = "fitted": log and mode'),
    "too many cases": ("[cases.logout]\nshare = 0.9\n[cases.admin_loss]\nshare = 0.2", 1, "logout 0.9, admin_loss 0.2)"),
    "unknown goal": ('[goals]\nexposur_p95 = "1s"', 2, "did you mean"),
    "sweep of nothing": ('[sweep]\n"hosst.check" = ["1s"]', 2, "no such path"),
    "sweep of no key": ('format = 1\n[sweep]\n"host.chek.median" = ["1s"]', 3, 'did you mean "check"?'),
    "sweep of a bad unit": ('[sweep]\n"host.check.median" = ["1ms", "1 parsec"]', 2, "1 parsec"),
    "sweep of no strategy": ('[sweep]\n"strategies.shrt_token.token.lifetime" = ["1s"]', 2, "short_token"),
    "law without its mean": ('[workload]\nthink = { dist = "exponential" }', 2, "is missing"),
    "table for a law": ("format = 1\n[push]\ndelay = { a = 1 }", 3, "expected dist"),
    "sweep no list": ('[sweep]\n"host.check" = "1s"', 2, "a list"),
    "include no list": ("include = 5", 1, "a list of file names"),
    "include missing": ('include = ["nowhere.toml"]', 1, "no such file"),
    "include itself": ('include = ["bad.toml"]', None, "includes itself"),
    "format 2": ("format = 2", 1, "format"),
    "not TOML": ("format = 1\n[run\nseed = 1", 2, "not TOML"),
    "key twice": ("[run]\nseed = 1\nseed = 2", None, "not TOML"),
    "empty": ("", None, "no key"),
    "only a comment": ("# nothing\n", None, "no key"),
    "deep": ("a = " + "[" * 3000 + "]" * 3000, None, "not TOML"),
    "huge seed": ("[run]\nseed = 99999999999999999999", 2, "run.seed"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_text(name: str, tmp_path: Path) -> None:
    text, line, fragment = BAD[name]
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    said = str(caught.value)
    assert fragment in said, said
    assert "bad.toml" in said
    if line is not None:
        assert f"bad.toml:{line}:" in said, said
    shown = CliRunner().invoke(main, ["validate", str(path)])
    assert shown.exit_code == 2
    assert "Traceback" not in shown.output


def test_swept_keys_of_one_table_may_fit_only_together(tmp_path: Path) -> None:
    path = tmp_path / "zip.toml"
    path.write_text(
        '[sweep]\nmethod = "zip"\n"host.check.median" = ["1s", "2s"]\n"host.check.p95" = ["3s", "4s"]\n'
    )
    assert load(str(path)).swept


def test_all_problems_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[run]\nhorizon = "x"\nseed = -1\n[host]\nchek = 1\n[push]\nloss = 7\n')
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    assert [p.line for p in caught.value.problems] == [2, 3, 5, 7] or sorted(
        p.line or 0 for p in caught.value.problems
    ) == [2, 3, 5, 7]


def test_a_circle_of_includes_and_a_fault_in_an_include_name_their_files(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('include = ["b.toml"]\n')
    (tmp_path / "b.toml").write_text('include = ["a.toml"]\n')
    with pytest.raises(ScenarioError, match=r"a\.toml -> b\.toml -> a\.toml"):
        load(str(tmp_path / "a.toml"))
    (tmp_path / "part.toml").write_text("# a part\n[host]\nservers = 0\n")
    (tmp_path / "whole.toml").write_text('include = ["part.toml"]\n[app]\nworkers = 0\n')
    with pytest.raises(ScenarioError) as caught:
        load(str(tmp_path / "whole.toml"))
    assert {Path(p.file).name: p.line for p in caught.value.problems} == {
        "part.toml": 3,
        "whole.toml": 3,
    }


def test_bad_files(tmp_path: Path) -> None:
    binary, big, folder = tmp_path / "binary.toml", tmp_path / "big.toml", tmp_path / "folder.toml"
    binary.write_bytes(bytes(range(256)))
    with big.open("wb") as file:
        file.truncate(100_000_000)
    folder.mkdir()
    fifo = tmp_path / "fifo.toml"
    os.mkfifo(fifo)
    for path, fragment in (
        (binary, "not UTF-8"),
        (big, "at most 1,000,000"),
        (folder, "not a regular file"),
        (fifo, "not a regular file"),
        (tmp_path / "missing.toml", "no such file"),
        (Path("ofice"), 'did you mean "office"?'),
    ):
        with pytest.raises(ScenarioError, match=fragment):
            load(str(path))


def test_the_line_is_found_inside_long_values(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        'title = """\n[host]\nservers = 0\n"""\n[workload]\ndaily = [\n  1, # [x]\n  2\n]\n[host]\nservers = 0\n'
    )
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    assert {p.key: p.line for p in caught.value.problems} == {
        "workload.daily": 6,
        "host.servers": 11,
    }
