"""`lastclick fit`: every form of log, who a person is, sessions, loads, kinds, hours, and what is dropped."""

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from support import DATA
from support.logs import (
    FORMS,
    START_S,
    Row,
    an_office_log,
    combined,
    common,
    csv_of,
    json_lines,
    put,
)

from sim.cli import main
from sim.workload.fitting import Fit, fit_log
from sim.workload.logs.options import FitOptions
from sim.workload.logs.problems import LogError
from sim.workload.logs.read import read_log

needs_logs = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real logs is not here")


def found(fit: Fit) -> dict[str, Any]:
    """What must not depend on the form of the log."""
    return {
        "visits": len(fit.visits),
        "persons": fit.sessions.persons,
        "think_s": fit.think_s.tolist(),
        "requests": fit.requests.tolist(),
        "length_s": fit.length_s.tolist(),
        "tables": fit.tables,
        "daily": fit.daily,
    }


def options(**given: Any) -> FitOptions:
    return FitOptions.from_table(given)


# -- forms --------------------------------------------------------------------------------------

ROWS = an_office_log()


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return found(fit_log(put(tmp_path_factory.mktemp("log"), FORMS["csv"](ROWS))))


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_a_log_changes_nothing(
    form: str, packed: bool, tmp_path: Path, reference: dict[str, Any]
) -> None:
    fit = fit_log(put(tmp_path, FORMS[form](ROWS), packed=packed))
    assert found(fit) == reference
    assert fit.log.bad.count == 0
    assert reference["visits"] == 36
    assert ("gzip" in fit.log.form) == packed


def test_the_order_of_rows_changes_nothing(tmp_path: Path, reference: dict[str, Any]) -> None:
    shuffled = [ROWS[i] for i in np.random.default_rng(1).permutation(len(ROWS))]
    assert found(fit_log(put(tmp_path, FORMS["common"](shuffled)))) == reference


def test_columns_by_mapping(tmp_path: Path, reference: dict[str, Any]) -> None:
    text = FORMS["csv"](ROWS).decode().replace("ts_utc_ms,user", "when,who", 1)
    path = put(tmp_path, text)
    with pytest.raises(LogError, match="no column with a time"):
        fit_log(path)
    assert found(fit_log(path, options(columns={"ts": "when", "user": "who"}))) == reference
    with pytest.raises(LogError, match='no column "hwo" for user; did you mean "who"'):
        fit_log(path, options(columns={"ts": "when", "user": "hwo"}))


def test_nested_json_by_mapping(tmp_path: Path, reference: dict[str, Any]) -> None:
    lines = [json.loads(line) for line in json_lines(ROWS).splitlines()]
    nested = [{**line, "user": None, "auth": {"name": line["user"]}} for line in lines]
    path = put(tmp_path, "".join(json.dumps(line) + "\n" for line in nested))
    assert found(fit_log(path, options(columns={"user": "auth.name"}))) == reference


# -- sessions, loads, kinds: small logs counted by hand ------------------------------------------

BY_HAND = [
    Row(0, "ann", "/a"),  # a page, with two more requests in its load
    Row(1, "ann", "/a.css"),
    Row(3, "ann", "/a.js"),
    Row(13, "ann", "/save", "POST"),  # a click, 10 s after the end of the load
    Row(43, "ann", "/a"),  # back at /a: a page load after 30 s
    Row(1843, "ann", "/b"),  # exactly 1,800 s: still the session
    Row(3644, "ann", "/b"),  # 1,801 s: a new session
    Row(3664, "ann", "/c"),
    Row(10, "bob", "/a"),
]


def test_counted_by_hand(tmp_path: Path) -> None:
    fit = fit_log(put(tmp_path, common(BY_HAND)))
    assert sorted(fit.think_s) == [10, 20, 30, 1800]
    assert sorted(fit.requests) == [1, 2, 6]
    assert sorted(fit.length_s) == [0, 20, 1843]
    assert fit.sessions.persons == 2
    # pages per visit: /a and /a again; /b; bob's /a
    assert sorted(np.add.reduceat(fit.visits.is_page, fit.visits.first_load[:-1])) == [1, 1, 2]
    assert fit.tables["kinds"] == {"read": 0.666667, "write": 0.333333, "admin": 0.0}
    text = fit.summary_text()
    assert "3 sessions of 2 persons" in text
    assert "of non-GET (all rows) 11.11%" in text
    assert "again in the session 11.11%" in text


def test_the_gap_and_the_load_window_are_options(tmp_path: Path) -> None:
    path = put(tmp_path, common(BY_HAND))
    assert len(fit_log(path, options(session_gap="1h")).visits) == 2
    assert len(fit_log(path, options(session_gap="20s")).visits) == 5
    assert sorted(fit_log(path, options(page_load_window="10s")).think_s) == [20, 30, 1800]
    assert sorted(fit_log(path, options(page_load_window="0s")).think_s)[:2] == [1, 2]


def test_rules_of_kinds_the_first_that_matches(tmp_path: Path) -> None:
    rules = [
        {"kind": "read", "method": "POST", "path": "^/save"},
        {"kind": "admin", "path": "/b"},
        {"kind": "write", "path": "/"},
    ]
    fit = fit_log(put(tmp_path, common(BY_HAND)), options(kinds=rules))
    assert fit.sessions.kinds.tolist() == [1, 6, 2]  # /save, all others, /b twice


@pytest.mark.parametrize(("named", "key"), [(90, "session"), (89, "user")])
def test_sessions_by_name_where_nine_tenths_have_one(named: int, key: str, tmp_path: Path) -> None:
    lines = ["ts,user,session,path"]
    lines += [
        f"{START_S + 60 * i},u{i % 2},{f's{i % 5}' if i < named else ''},/" for i in range(100)
    ]
    fit = fit_log(put(tmp_path, "\n".join(lines)))
    assert fit.sessions.key == key
    assert fit.sessions.without_person == (10 if key == "session" else 0)


def test_named_sessions_are_taken_at_their_word(tmp_path: Path) -> None:
    """A gap rule would cut them; it does only where it is asked for."""
    lines = ["ts,session,path", *(f"{START_S + 2000 * i},one,/{i}" for i in range(4))]
    path = put(tmp_path, "\n".join(lines))
    assert len(fit_log(path).visits) == 1
    assert "would split 1)" in fit_log(path).summary_text()
    assert len(fit_log(path, options(session_gap="50min")).visits) == 1
    with pytest.raises(LogError, match="there is no think time to fit"):
        fit_log(path, options(session_gap="30min"))


def test_a_person_is_the_account_and_never_the_address(tmp_path: Path) -> None:
    """Two addresses of one account are one person; without a client column nothing else tells them apart."""
    text = common(BY_HAND).decode()
    other = "\n".join(
        line.replace("192.0.2.1", "2001:db8::1") if i % 2 else line
        for i, line in enumerate(text.splitlines())
    )
    assert found(fit_log(put(tmp_path, other, "a"))) == found(fit_log(put(tmp_path, text, "b")))
    lines = [
        "ts,user,client,path",
        *(f"{START_S + 9 * i},shared,phone{i % 2},/" for i in range(6)),
    ]
    fit = fit_log(put(tmp_path, "\n".join(lines)))
    assert (fit.sessions.key, fit.sessions.persons, len(fit.visits)) == ("user + client", 2, 2)


# -- hours ---------------------------------------------------------------------------------------


def hour_of(fit: Fit) -> int:
    return int(np.argmax(fit.daily))


def test_local_hours_follow_the_time_zone(tmp_path: Path) -> None:
    path = put(tmp_path, common(BY_HAND))  # 06:13 UTC, in summer
    assert hour_of(fit_log(path)) == 6
    assert hour_of(fit_log(path, options(time_zone="Europe/Paris"))) == 8
    assert hour_of(fit_log(path, options(time_zone="America/New_York"))) == 2


@pytest.mark.parametrize(
    ("day", "utc"),
    [("2024-03-31 01:59:59", 0), ("2024-03-31 03:00:01", 1), ("2024-10-27 03:30:00", 2)],
)
def test_naive_times_across_the_change_of_the_clock(day: str, utc: int, tmp_path: Path) -> None:
    lines = ["time,user,path", f"{day},ann,/a", f"{day[:11]}12:00:00,ann,/b"]
    lines.append(f"{day[:11]}12:00:20,ann,/c")
    path = put(tmp_path, "\n".join(lines))
    _, rows = read_log(path, options(time_zone="UTC", naive_time_zone="Europe/Paris"))
    assert rows["time"].iloc[0].hour == utc


def test_the_hour_that_comes_twice_or_never_loses_no_row(tmp_path: Path) -> None:
    """02:30 on the last Sundays of October (twice; the first is meant) and of March (not at all)."""
    for day in ("2024-10-27", "2024-03-31"):
        times = [f"{day} 02:{minute:02d}:00" for minute in range(0, 60, 5)]
        lines = ["time,user,path", *(f"{time},ann,/{i}" for i, time in enumerate(times))]
        fit = fit_log(put(tmp_path, "\n".join(lines)), options(time_zone="Europe/Paris"))
        assert fit.log.bad.count == 0
        assert fit.log.rows == 12


def test_a_zone_in_the_text_beats_the_option(tmp_path: Path) -> None:
    lines = ["time,user,path"]
    lines += [f"2024-06-10T08:{m:02d}:00+02:00,ann,/{m}" for m in range(0, 50, 10)]
    path = put(tmp_path, "\n".join(lines))
    fit = fit_log(path, options(time_zone="Asia/Tokyo"))
    assert read_log(path)[1]["time"].iloc[0].hour == 6
    assert hour_of(fit) == 15


# -- what cannot be used --------------------------------------------------------------------------


def test_bad_lines_are_counted_shown_and_never_fatal(
    tmp_path: Path, reference: dict[str, Any]
) -> None:
    lines = combined(ROWS).splitlines(keepends=True)
    lines[5:5] = [b"what is this?\n", b"\x16\x03\x01\x02\n", b'1.2.3.4 - ann [99/Foo/2024] "GET\n']
    lines.append(b"1.2.3.4 - ann [10/Jun/2024:06:13")  # cut off in the middle
    fit = fit_log(put(tmp_path, b"".join(lines)))
    assert found(fit) == reference
    assert fit.log.bad.count == 4
    text = fit.summary_text()
    assert "4 bad" in text
    assert "line 6: not in Common or Combined Log Format: what is this?" in text
    assert "\x16" not in text


def test_rows_without_a_person_are_counted_and_left_out(
    tmp_path: Path, reference: dict[str, Any]
) -> None:
    strangers = [Row(row.at_s, "-", row.path) for row in ROWS[::3]]
    rows = sorted([*ROWS, *strangers], key=lambda row: row.at_s)
    fit = fit_log(put(tmp_path, common(rows)))
    assert {**found(fit), "daily": None} == {**reference, "daily": None}
    assert fit.sessions.without_person == len(strangers)
    assert f"{len(strangers)} without a person (left out)" in fit.summary_text()


USELESS = {
    "empty": b"",
    "blank": b"\n \n\n",
    "binary": bytes(range(256)) * 50,
    "prose": b"Dear diary,\ntoday nobody logged in.\n",
    "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
    "zip": b"PK\x03\x04" + b"\0" * 64,
    "zstd": b"\x28\xb5\x2f\xfd" + b"\0" * 64,
    "broken gzip": b"\x1f\x8b\x08\x00nonsense",
    "broken parquet": b"PAR1nonsensePAR1",
    "header only": b"ts,user,path\n",
    "no time": b"ts,user,path\nyesterday,ann,/\nnever,bob,/\n",
    "json array": b"[]\n[]\n",
    "nobody": common([Row(i, "-", "/") for i in range(0, 900, 30)]),
    "one request": common([Row(0, "ann", "/")]),
    "before 1970": b"ts,user,path\n-5,ann,/\n-4,ann,/\n",
}


@pytest.mark.parametrize("name", USELESS)
def test_nothing_usable_is_a_clear_error(name: str, tmp_path: Path) -> None:
    path, out = put(tmp_path, USELESS[name]), tmp_path / "workload.toml"
    done = CliRunner().invoke(main, ["fit", str(path), "-o", str(out)])
    assert done.exit_code == 2, done.output
    assert str(path) in done.stderr
    assert "Traceback" not in done.output
    assert len(done.stderr) < 1200
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--time-zone", "Europe/Pariss"],
        ["--session-gap", "soon"],
        ["--session-gap", "-5min"],
        ["--page-load-window", "2 parsecs"],
        ["--column", "user"],
        ["--column", "usr=uid"],
        ["--kind", "admin=("],
        ["--kind", "boss=/admin"],
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_a_clear_error(arguments: list[str], tmp_path: Path) -> None:
    path = put(tmp_path, common(BY_HAND))
    done = CliRunner().invoke(main, ["fit", str(path), *arguments])
    assert done.exit_code == 2, done.output
    assert arguments[1].split("=")[-1].strip("/") in done.stderr
    assert "Traceback" not in done.output


def test_a_missing_log_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.log", tmp_path):
        done = CliRunner().invoke(main, ["fit", str(path)])
        assert (done.exit_code, "Traceback" in done.output) == (2, False)
        assert str(path) in done.stderr


# -- odd logs that can be used ---------------------------------------------------------------------


def test_quotes_in_a_request_other_alphabets_and_latin_1(tmp_path: Path) -> None:
    stamp = "10/Jun/2024:06:13:{:02d} +0000"
    lines = [
        f'2001:db8::7 - José [{stamp.format(0)}] "GET /say?x=\\"hi\\" HTTP/1.1" 200 5'.encode(
            "latin-1"
        ),
        f'2001:db8::7 - José [{stamp.format(20)}] "GET /b HTTP/1.1" 200 -'.encode("latin-1"),
        f'fe80::1%eth0 - 李雷 [{stamp.format(0)}] "GET /路 HTTP/2.0" 200 5 "-" "curl"'.encode(),
        f'www.example:443 10.0.0.1 - "a b" [{stamp.format(5)}] "-" 408 -'.encode(),
        f'::1 - DOM\\\\ann [{stamp.format(7)}] "\\x16\\x03" 400 0'.encode(),
        f'::1 - DOM\\\\ann [{stamp.format(30)}] "PROPFIND /dav HTTP/1.1" 207 9'.encode(),
    ]
    path = put(tmp_path, b"\r\n".join(lines))
    fit = fit_log(path)
    assert fit.log.bad.count == 0
    assert fit.sessions.persons == 4
    assert sorted(fit.think_s) == [20, 23]
    paths = set(read_log(path)[1]["path"].dropna())
    assert {'/say?x="hi"', "/路"} <= paths


def test_a_line_of_ten_megabytes(tmp_path: Path, reference: dict[str, Any]) -> None:
    huge = b'192.0.2.1 - x [bad] "GET /' + b"a" * 10_000_000 + b"\n"
    fit = fit_log(put(tmp_path, common(ROWS) + huge))
    assert found(fit) == reference
    assert len(fit.summary_text()) < 3000


def test_a_gzip_that_was_cut_off_keeps_what_came_before(tmp_path: Path) -> None:
    import gzip

    many = an_office_log(people=400)
    whole = gzip.compress(common(many))
    fit = fit_log(put(tmp_path, whole[: len(whole) // 2]))
    assert len(many) // 3 < fit.log.rows < len(many)
    assert "compressed data are cut off" in fit.summary_text()


def test_byte_order_mark_and_utf_16(tmp_path: Path, reference: dict[str, Any]) -> None:
    text = csv_of()(ROWS).decode()
    for number, encoding in enumerate(("utf-8-sig", "utf-16")):
        path = put(tmp_path, text.encode(encoding), f"{number}.csv")
        assert found(fit_log(path)) == reference


def test_same_instants_only(tmp_path: Path) -> None:
    """Everybody at one instant, and back a minute later."""
    rows = [Row(at_s, f"u{i}", "/") for at_s in (0, 60) for i in range(50)]
    fit = fit_log(put(tmp_path, common(rows)))
    assert set(fit.think_s) == {60.0}
    assert fit.pause_mean_s > 0


# -- what is written -------------------------------------------------------------------------------


def test_the_written_part_is_a_scenario_and_says_where_it_comes_from(tmp_path: Path) -> None:
    from sim.scenario import load

    out, figure = tmp_path / "sub" / "workload.toml", tmp_path / "fit.svg"
    path = put(tmp_path, common(ROWS))
    done = CliRunner().invoke(main, ["fit", str(path), "-o", str(out), "--figure", str(figure)])
    assert done.exit_code == 0, done.output
    for word in ("think time", "session length", "requests per session", "busiest hour", "writes"):
        assert word in done.stdout
    scenario = load(str(out))
    assert scenario.workload.daily is not None
    assert "access.log (M)" in scenario.sources["workload.think"]
    think = fit_log(path).think_s
    assert scenario.workload.think.expectation() == pytest.approx(think.mean(), rel=0.005)
    assert figure.stat().st_size > 5000
    assert [p.name for p in out.parent.iterdir()] == ["workload.toml"]


# -- real logs --------------------------------------------------------------------------------------


@needs_logs
def test_a_day_of_a_library_gateway() -> None:
    """The figures that a correct fit finds, each within 1 %."""
    fit = fit_log(DATA / "ezproxy_inist_sd_20121130.csv.gz", options(time_zone="Europe/Paris"))
    assert len(fit.visits) == pytest.approx(1420, rel=0.01)
    for sample, mean, quantiles in (
        (fit.think_s, 89.07, {0.5: 13, 0.9: 199, 0.99: 1351}),
        (fit.length_s, 483.7, {0.5: 72, 0.9: 1467}),
        (fit.requests, 21.95, {0.5: 14, 0.9: 41}),
    ):
        assert sample.mean() == pytest.approx(mean, rel=0.01)
        for q, value in quantiles.items():
            assert np.quantile(sample, q) == pytest.approx(value, rel=0.01)
    text = fit.summary_text()
    for words in (
        "sessions by user + client",
        "32,530 rows, 0 bad, 1,364 without a person",
        "of non-GET (all rows) 6.92%",
        "the same address again in the session 10.89%",
        "busiest hour 15 h (Europe/Paris) with 10.43%",
    ):
        assert words in text
    law = fit.laws()["think"]
    assert law.expectation() == pytest.approx(fit.think_s.mean(), rel=0.005)


@needs_logs
def test_named_sessions_of_a_real_log() -> None:
    fit = fit_log(DATA / "bibcnrs_inp_20161121.csv.gz")
    assert (len(fit.visits), fit.sessions.key) == (141, "session")
    assert "would split 16)" in fit.summary_text()


@needs_logs
def test_an_api_with_a_poller() -> None:
    fit = fit_log(DATA / "openstack_nova_api_20170516.csv.gz")
    assert fit.sessions.without_person == 119
    assert fit.sessions.persons == 3


@pytest.mark.nightly
def test_a_million_lines(tmp_path: Path) -> None:
    """In memory that does not grow with rows: under 300 MB at the peak, in a process of its own."""
    import subprocess
    import sys

    random = np.random.default_rng(5)
    at_s = np.sort(random.integers(0, 86_400, 1_000_000))
    users = random.integers(0, 20_000, 1_000_000)
    lines = (
        common([Row(int(t), f"user{u}", f"/page/{t % 97}?id={u}")])
        for t, u in zip(at_s, users, strict=True)
    )
    path = put(tmp_path, b"".join(lines))
    code = (
        "import re, sys; from sim.workload.fitting import fit_log; f = fit_log(sys.argv[1]);"
        "print(f.log.rows, *re.findall(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    rows, peak_kb = map(int, done.stdout.split())
    assert rows == 1_000_000
    assert peak_kb < 300_000
    assert math.isfinite(peak_kb)


@pytest.mark.parametrize("late_s", [0, 40, 100_000], ids="late by {} s".format)
def test_many_rows_on_disk_give_what_few_in_memory_do(
    late_s: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows spill early, parts are small, and one person has more than fits into one: the same figures to the digit."""
    from sim.workload import store

    random = np.random.default_rng(2)
    rows = an_office_log(people=30)
    pauses = np.where(random.random(4000) < 0.02, 3000, random.integers(1, 90, 4000))
    rows += [Row(int(t), "busy", f"/{i % 7}") for i, t in enumerate(pauses.cumsum())]
    rows.sort(key=lambda row: row.at_s + (random.integers(0, late_s) if late_s else 0))
    path = put(tmp_path, common(rows))
    whole = fit_log(path)
    monkeypatch.setattr(store, "_IN_MEMORY", 500)
    monkeypatch.setattr(store, "_PART", 300)
    os.utime(path, ns=(1, 1))  # so that it is read again
    parted = fit_log(path)
    assert parted is not whole
    assert found(parted) == found(whole)
    assert parted.sessions.again == whole.sessions.again
    assert parted.visits.think_s[1:].tolist() == pytest.approx(
        whole.visits.think_s[1:].tolist(), nan_ok=True
    )
