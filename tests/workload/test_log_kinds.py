"""Logs that were once misread: each kind by several inputs of a few lines, with the right values counted by hand."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import DATA, ROOT
from support.logs import put

from sim.cli import main
from sim.workload.fitting import Fit, fit_log
from sim.workload.logs.options import FitOptions
from sim.workload.logs.problems import LogError
from sim.workload.logs.read import read_log

HANDED = DATA / "log-cases"


@dataclass(frozen=True)
class Right:
    """What a correct fit finds; what is None is not looked at."""

    think: list[float]
    persons: int = 1
    nobody: int = 0  # rows without a person
    writes: float | None = None  # share
    form: str = ""
    notes: tuple[str, ...] = ()
    pages: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


def check(path: Path, right: Right) -> Fit:
    fit = fit_log(path, FitOptions.from_table(right.options))
    assert fit.log.bad.count == 0, fit.log.bad.first
    assert sorted(fit.think_s) == pytest.approx(sorted(right.think))
    assert fit.sessions.persons == right.persons
    assert fit.sessions.without_person == right.nobody
    if right.writes is not None:
        assert fit.sessions.kinds[1] / fit.sessions.rows == pytest.approx(right.writes)
    if right.pages is not None:
        assert fit.visits.is_page.sum() == right.pages
    assert right.form in fit.log.form
    for words in right.notes:
        assert words in fit.summary_text()
    return fit


def lines(*texts: str) -> str:
    return "\n".join(texts) + "\n"


# -- the inputs that were handed in ------------------------------------------------------------------

_HALF = Right([30], writes=0.5)
CASES = {
    "01_compact_json.jsonl": _HALF,
    "01b_same_with_spaces_works.jsonl": _HALF,
    "02_xff_list.log": Right([30], nobody=2),
    "03_vhost_no_port.log": Right([30], nobody=2),
    "04_kubectl_timestamps.log": Right([30], nobody=2),
    "05_rsyslog_iso.log": Right([30, 60], nobody=2),
    "06_caddy.jsonl": Right([30, 30], writes=2 / 3, form="Caddy"),
    "07_nginx_json_first_line_anonymous.jsonl": Right([30], nobody=1, form="nginx JSON"),
    "08_apache_401_bogus_user.log": Right([30], nobody=5, notes=("5 rows with a user refused",)),
    # the mean of these three is 23.3 s
    "09_compact_time.csv": Right([20, 20, 30]),
    "10_clf_fraction.log": Right([30.333]),
    "11_confluence_default.log": Right([30], writes=0.5, form="Confluence"),
    "12_background_poll.log": Right([730], notes=("59 requests", "quickreload", "--polls keep")),
    "13_iis_u_ex.log": Right([30], form="W3C"),
    "14_user_object_shadows_uid.jsonl": _HALF,
    "15_host_is_pod.jsonl": Right([30, 30], pages=3, notes=("--column host=host",)),
    "15b_same_one_host.jsonl": Right([30, 30], pages=3),
    "16_dst_fall_back_naive.csv": Right(
        [19 * 60, 6 * 60, 10 * 60], options={"time_zone": "Europe/Paris"}
    ),
    "17_json_array.json": _HALF,
    "18_duplicated_lines.log": Right([30], notes=("nearly every row stands twice", "--once")),
    "20_date_and_time_columns.csv": Right([30], options={"columns": {"user": "cs-username"}}),
    "21_json_uid_case.jsonl": Right([60], persons=2, notes=("differ in case alone", "--fold-case")),
}


@pytest.mark.skipif(not HANDED.is_dir(), reason="the folder of handed logs is not here")
@pytest.mark.parametrize("name", CASES)
def test_a_handed_case(name: str) -> None:
    check(HANDED / name, CASES[name])


@pytest.mark.skipif(not HANDED.is_dir(), reason="the folder of handed logs is not here")
def test_handed_cases_that_are_refused() -> None:
    with pytest.raises(
        LogError, match=r"no column with a person.*The log has: ClientRequestMethod"
    ):
        fit_log(HANDED / "19_cloudflare_no_known_column.jsonl")
    # four days are read as days; nobody comes back within half an hour
    _, rows = read_log(HANDED / "22_compact_date_day.csv")
    assert [str(t.date()) for t in rows["time"]] == [
        *("2026-03-10", "2026-03-11", "2026-03-12", "2026-04-01")
    ]


# -- JSON before CSV; JSON in JSON ------------------------------------------------------------------

_GET = '"GET /a HTTP/1.1" 200 10'
_POST = '"POST /b HTTP/1.1" 200 10'


def clf(before: str = "10.0.0.9", user: str = "alice", second: int = 0, request: str = _GET) -> str:
    return (
        f"{before} - {user} [10/Mar/2026:08:{second // 60:02d}:{second % 60:02d} +0000] {request}"
    )


def record(second: int, **more: Any) -> dict[str, Any]:
    return {"time": f"2026-03-10T08:00:{second:02d}Z", "path": f"/{second}", **more}


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


TWO = [record(0, user="ann", method="GET"), record(30, user="ann", method="POST")]
JSON_LOGS = {
    "semicolons and bars inside": [compact({**r, "agent": "a;b|c,user,time,path"}) for r in TWO],
    "empty fields first": [
        compact(record(5, user="", method="")),
        compact(record(6, user=None)),
        *map(compact, TWO),
    ],
    "written as strings": [json.dumps(json.dumps(r)) for r in TWO],
    "blank lines between": [compact(TWO[0]), "", "  ", compact(TWO[1])],
    "an array on one line": [compact(TWO)],
    "pretty-printed objects": [json.dumps(r, indent=2) for r in TWO],
    "an array of pretty-printed objects": [json.dumps(TWO, indent=4)],
    "an export of records": [compact({"records": TWO})],
    "Docker": [compact({"log": compact(r) + "\n", "stream": "stdout"}) for r in TWO],
    "text of properties": [
        compact({"time": r["time"], "category": "x", "properties": compact(r)}) for r in TWO
    ],
    "nested names": [
        compact(
            {
                "@timestamp": r["time"],
                "user": {"name": "ann"},
                "http": {"request": {"method": r["method"]}},
                "url": {"path": r["path"]},
            }
        )
        for r in TWO
    ],
    "dotted names": [
        compact(
            {
                "@timestamp": r["time"],
                "user.name": "ann",
                "http.request.method": r["method"],
                "url.path": r["path"],
            }
        )
        for r in TWO
    ],
    "user an object with an id": [
        compact({**r, "user": {"id": "ann", "groups": ["a", "b"]}}) for r in TWO
    ],
    "user an object, login beside": [
        compact({**r, "user": {"role": "x"}, "login": "ann"}) for r in TWO
    ],
    "behind kubectl's prefix": [f"[pod/app-7/web] {r['time']} {compact(r)}" for r in TWO],
    "behind CRI's prefix": [f"{r['time']} stdout F {compact(r)}" for r in TWO],
    "behind syslog": [f"<134>1 {r['time']} web1 app 7 - - {compact(r)}" for r in TWO],
}


@pytest.mark.parametrize("name", JSON_LOGS)
def test_json_in_every_dress(name: str, tmp_path: Path) -> None:
    nobody = 2 if name == "empty fields first" else 0
    check(put(tmp_path, lines(*JSON_LOGS[name])), Right([30], nobody=nobody, writes=0.5))


@pytest.mark.parametrize("wrapper", ["log", "message", "MESSAGE", "textPayload"])
def test_a_log_line_in_json(wrapper: str, tmp_path: Path) -> None:
    texts = [clf(), clf(user="-", second=5), clf(second=30, request=_POST)]
    path = put(tmp_path, lines(*(json.dumps({wrapper: text + "\n", "n": 1}) for text in texts)))
    fit = check(path, Right([30], nobody=1, writes=0.5, form=f'as text in "{wrapper}"'))
    assert "Common" in fit.log.form


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_that_was_cut_off(indent: int | None, tmp_path: Path) -> None:
    text = json.dumps([*TWO, record(50, user="ann")], indent=indent)[:-8]
    fit = fit_log(put(tmp_path, text))
    assert list(fit.think_s) == [30]
    assert fit.log.bad.count == 1
    assert "without its end" in fit.log.bad.first[0]


EVENT = {
    "realmId": "r",
    "clientId": "app",
    "userId": "u-1",
    "sessionId": "s",
    "ipAddress": "10.0.0.9",
}


def keycloak(kind: str, user: str = "u-1") -> str:
    pairs = {"type": kind, **EVENT, "userId": user}
    return ", ".join(f'{name}="{value}"' for name, value in pairs.items())


KEYCLOAK = {
    "text": lambda s, k: (
        f"2026-03-10 08:00:{s:02d},123 DEBUG [org.keycloak.events] (executor-1) {keycloak(k)}"
    ),
    "text, old": lambda s, k: (
        f"2026-03-10 08:00:{s:02d},123 WARN  [org.keycloak.events] (x) {keycloak(k)}".replace(
            '"', ""
        )
    ),
    "JSON with pairs in message": lambda s, k: compact(
        {
            "timestamp": f"2026-03-10T08:00:{s:02d}.123Z",
            "loggerName": "org.keycloak.events",
            "message": keycloak(k),
        }
    ),
    "JSON export": lambda s, k: compact({"time": 1773129600000 + s * 1000, "type": k, **EVENT}),
}


@pytest.mark.parametrize("form", KEYCLOAK)
def test_events_of_keycloak(form: str, tmp_path: Path) -> None:
    write = KEYCLOAK[form]
    events = [(0, "LOGIN"), (1, "LOGIN_ERROR"), (20, "REFRESH_TOKEN"), (50, "LOGOUT")]
    path = put(tmp_path, lines(*(write(*event) for event in events)))
    check(path, Right([20, 30], nobody=1, form="Keycloak", notes=("no path found",)))


PODS = {
    "hostname": ["app-7d9f-abcde", "app-7d9f-fghij", "app-7d9f-klmno"],
    "host": ["10.2.0.11:8080", "10.2.0.12:8080", "10.2.0.11:8080"],
}


@pytest.mark.parametrize("column", PODS)
def test_a_machine_that_answered_is_no_part_of_an_address(column: str, tmp_path: Path) -> None:
    """One page loaded three times is three page loads, whichever pod answers."""
    rows = [
        {**record(30 * at), "time": f"2026-03-10T08:0{at}:00Z", "path": "/page", "user": "ann"}
        for at in range(3)
    ]
    pods = [{**row, column: pod} for row, pod in zip(rows, PODS[column], strict=True)]
    check(put(tmp_path, lines(*map(compact, pods))), Right([60, 60], pages=3))


# -- the person is never a prefix --------------------------------------------------------------------

BEFORE = {
    "two proxies": "203.0.113.9, 10.0.0.2, 10.0.0.3",
    "a list without blanks": "203.0.113.9,10.0.0.2",
    "in parentheses": "10.0.0.9 (203.0.113.9)",
    "a balancer": "lb-1 10.0.0.9",
    "a virtual host without port": "app.example.com 10.0.0.9",
    "a virtual host with port": "app.example.com:443 10.0.0.9",
    "kubectl --timestamps": "2026-03-10T08:00:00.100000000Z 10.0.0.9",
    "kubectl --prefix": "[pod/nginx-7d/nginx] 10.0.0.9",
    "CRI": "2026-03-10T08:00:00.1Z stdout F 10.0.0.9",
    "syslog of 2001": "Mar 10 08:00:00 web1 nginx[17]: 10.0.0.9",
    "syslog of 2001 with priority": "<134>Mar 10 08:00:00 web1 nginx: 10.0.0.9",
    "syslog of 2009": "<134>1 2026-03-10T08:00:00Z web1 nginx 17 - - 10.0.0.9",
    "syslog of 2009 with data": '<134>1 2026-03-10T08:00:00Z web1 nginx 17 - [x a="b"] 10.0.0.9',
    "Docker Compose": "web-1  | 10.0.0.9",
    "IPv6": "fe80::1%eth0",
}


@pytest.mark.parametrize("name", BEFORE)
def test_what_stands_before_the_client_is_ignored(name: str, tmp_path: Path) -> None:
    before = BEFORE[name]
    texts = [
        clf(before),
        clf(before.replace("9", "8", 1), "-", 20, '"GET /login HTTP/1.1" 200 10 "-" "UA"'),
        clf(before, second=30, request=_POST + ' "-" "UA"'),
        clf("10.0.0.7", "-", 600),
    ]
    check(put(tmp_path, lines(*texts)), Right([30], nobody=2, writes=0.5))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('"Ann Lee"', "Ann Lee"),
        ("Ann Lee", "Ann Lee"),
        (r"Ann\x20Lee", "Ann Lee"),
        (r"EXAMPLE\\ann", r"EXAMPLE\ann"),
        (r"Jos\xC3\xA9", "José"),
        ("ann@example.com", "ann@example.com"),
    ],
)
def test_a_user_as_servers_write_him(written: str, name: str, tmp_path: Path) -> None:
    path = put(tmp_path, lines(clf(user=written), clf(user=written, second=30)))
    assert set(read_log(path)[1]["user"]) == {name}
    check(path, Right([30]))


def test_an_ident_is_no_person(tmp_path: Path) -> None:
    texts = [clf().replace(" - alice", f" {ident} alice") for ident in ("768x1x1", "-", "bob")]
    path = put(tmp_path, lines(*texts))
    assert set(read_log(path)[1]["user"]) == {"alice"}


# -- who was refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 407])
def test_a_refused_row_makes_no_person(status: int, tmp_path: Path) -> None:
    claims = [
        clf(user=u, second=s, request=_GET.replace("200", str(status)))
        for s, u in enumerate(("root", "admin", "alice"))
    ]
    path = put(tmp_path, lines(clf(), *claims, clf(second=30)))
    check(path, Right([30], nobody=3, notes=("3 rows with a user refused",)))


def test_a_refused_row_of_json_and_csv_makes_no_person(tmp_path: Path) -> None:
    rows = [
        {**record(s, user=u), "status": st}
        for s, u, st in ((0, "ann", 200), (9, "root", 401), (30, "ann", 200))
    ]
    check(put(tmp_path, lines(*map(compact, rows)), "a"), Right([30], nobody=1))
    table = ["time,user,path,status", *(f"{r['time']},{r['user']},/x,{r['status']}" for r in rows)]
    check(put(tmp_path, lines(*table), "b"), Right([30], nobody=1))


def test_a_log_of_refusals_is_an_error(tmp_path: Path) -> None:
    refusals = [
        clf(user="root", second=s, request=f'"GET /a HTTP/1.1" {st} 10')
        for s, st in enumerate((401, 407, 403, 401))
    ]
    with pytest.raises(LogError, match="refusals only"):
        fit_log(put(tmp_path, lines(*refusals), "a"))
    with pytest.raises(LogError, match="3 rows were refused"):
        fit_log(
            put(tmp_path, lines(*refusals, clf(user="-")), "b"), FitOptions(exclude=("status=403",))
        )


# -- times -------------------------------------------------------------------------------------------

FIRST_US = 1_773_129_570_000_000  # 2026-03-10 07:59:30 UTC
WRITTEN = {
    "seconds": ("1773129570", 0),
    "seconds with a fraction": ("1773129570.25", 250_000),
    "milliseconds": ("1773129570250", 250_000),
    "microseconds": ("1773129570000250", 250),
    "nanoseconds": ("1773129570000000000", 0),
    "ISO": ("2026-03-10T07:59:30Z", 0),
    "ISO, a comma": ("2026-03-10 07:59:30,250", 250_000),
    "ISO, nanoseconds and zone": ("2026-03-10T09:59:30.250000001+02:00", 250_000),
    "ISO, a short zone": ("2026-03-10T09:59:30+02", 0),
    "ISO, the zone's name": ("2026-03-10T08:59:30+01:00[Europe/Paris]", 0),
    "basic ISO with zone": ("20260310T075930Z", 0),
    "basic ISO with offset": ("20260310T085930+0100", 0),
    "fourteen digits": ("20260310075930", 0),
    "fourteen digits and a fraction": ("20260310075930.250", 250_000),
    "CLF": ("10/Mar/2026:07:59:30 +0000", 0),
    "CLF with a fraction": ("[10/Mar/2026:07:59:30.250 +0000]", 250_000),
    "RFC 2822": ("Tue, 10 Mar 2026 08:59:30 +0100", 0),
    "RFC 2822, an old zone": ("10 Mar 2026 02:59:30 EST", 0),
    "a date of HTTP": ("Tue, 10 Mar 2026 07:59:30 GMT", 0),
    "asctime": ("Tue Mar 10 07:59:30 2026", 0),
    "date(1)": ("Tue Mar 10 07:59:30 UTC 2026", 0),
    "with dots": ("10.03.2026 07:59:30", 0),
    "with dots, short": ("10.3.2026, 7:59:30", 0),
    "Tomcat's": ("10-Mar-2026 07:59:30.250", 250_000),
    "twelve hours": ("Mar 10, 2026, 7:59:30 AM", 0),
    "year first, with slashes": ("2026/03/10 07:59:30", 0),
    "summer time by name": ("2026-03-10 09:59:30 CEST", 0),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_time_as_logs_write_it(name: str, tmp_path: Path) -> None:
    text, micros = WRITTEN[name]
    path = put(tmp_path, lines("time;user;path", f"{text};ann;/"))
    _, rows = read_log(path)
    assert rows["time"].iloc[0].value // 1000 == FIRST_US + micros


def test_the_offset_in_the_line_wins(tmp_path: Path) -> None:
    for text in (
        "2026-03-10T07:59:30Z",
        "10/Mar/2026:08:59:30 +0100",
        "1773129570",
        "20260310T075930Z",
    ):
        path = put(tmp_path, lines("time;user;path", f"{text};ann;/"))
        _, rows = read_log(path, FitOptions(time_zone="Asia/Tokyo"))
        assert rows["time"].iloc[0].value // 1000 == FIRST_US


def test_seconds_and_milliseconds_in_one_column(tmp_path: Path) -> None:
    times = ["1773129570", "1773129600000", "1773129630.0", "1773129660000000"]
    path = put(tmp_path, lines("ts,user,path", *(f"{t},ann,/{i}" for i, t in enumerate(times))))
    check(path, Right([30, 30, 30]))


@pytest.mark.parametrize(
    "text",
    ["1994-12-31T23:59:59Z", "2300-01-01T00:00:00Z", "0", "86400", "253402300799", "2026-02-30", "2026-13-01",
     "31/Apr/2026:00:00:00 +0000", "2026-03-10 25:00:00", "2026-03-10 08:61:00", "2026-03-10 08:00 XYZT", "03/10/2026 08:00", "soon"],
)  # fmt: skip
def test_what_is_no_time_is_a_bad_line(text: str, tmp_path: Path) -> None:
    good = ["2026-03-10T08:00:00Z,ann,/a", "2026-03-10T08:00:30Z,ann,/b"]
    fit = fit_log(put(tmp_path, lines("time,user,path", good[0], f"{text},ann,/x", good[1])))
    assert fit.log.bad.first == [f"line 3: no valid time: {text}"]
    assert list(fit.think_s) == [30]


@pytest.mark.parametrize(
    ("time_format", "texts"),
    [
        ("%d/%m/%Y %H:%M:%S", ["10/03/2026 08:00:00", "10/03/2026 08:00:30"]),
        ("%m/%d/%Y %I:%M:%S %p", ["03/10/2026 12:59:45 AM", "03/10/2026 01:00:15 AM"]),
        ("%Y%j %H", None),
        ("%d-%b-%y %H.%M.%S.%f %z", ["10-MAR-26 08.00.00.5 +0100", "10-MAR-26 08.00.30.5 +0100"]),
    ],
)
def test_a_format_of_times_that_is_given(
    time_format: str, texts: list[str] | None, tmp_path: Path
) -> None:
    if texts is None:
        with pytest.raises(ValueError, match="time_format"):
            FitOptions.from_table({"time_format": time_format})
        return
    path = put(tmp_path, lines("time,user,path", *(f"{t},ann,/{i}" for i, t in enumerate(texts))))
    check(path, Right([30], options={"time_format": time_format}))


def test_no_valid_time_names_the_option(tmp_path: Path) -> None:
    path = put(tmp_path, lines("time,user,path", "10/03/2026 08:00:00,ann,/"))
    with pytest.raises(LogError, match="line 2: no valid time: 10/03/2026 08:00:00; --time-format"):
        fit_log(path)


@pytest.mark.parametrize(
    ("names", "cells"),
    [("date,time,user,path", "2026-03-10,{}"), ("Date\tTime\tuser\tpath", "10.03.2026\t{}"), ("day;time;user;path", "20260310;{}")],
)  # fmt: skip
def test_date_and_time_in_two_columns(names: str, cells: str, tmp_path: Path) -> None:
    sign = next(sign for sign in ",\t;" if sign in names)
    rows = (cells.format(sign.join((clock, "ann", "/x"))) for clock in ("08:00:00", "08:00:30"))
    path = put(tmp_path, lines(names, *rows))
    check(path, Right([30]))
    assert str(read_log(path)[1]["time"].iloc[0]) == "2026-03-10 08:00:00+00:00"


@pytest.mark.parametrize(
    ("zone", "day", "clocks", "think_min"),
    [
        ("Europe/Berlin", "2025-10-26", ["02:50", "02:58", "02:01", "02:20"], [8, 3, 19]),
        ("America/New_York", "2026-11-01", ["00:55", "01:20", "01:45", "01:05", "01:30", "02:00"], [25, 25, 20, 25, 30]),
        ("Europe/Paris", "2026-10-25", ["02:05", "02:25", "02:45"], [20, 20]),
        ("Europe/Paris", "2026-10-25", ["01:50", "02:10", "02:30", "03:05"], [20, 20, 95]),
    ],
)  # fmt: skip
def test_an_hour_that_comes_twice_keeps_the_order_of_the_file(
    zone: str, day: str, clocks: list[str], think_min: list[int], tmp_path: Path
) -> None:
    path = put(tmp_path, lines("time,user,path", *(f"{day} {c}:00,ann,/{c}" for c in clocks)))
    options = {"time_zone": zone, "session_gap": "3h"}
    check(path, Right([60 * m for m in think_min], options=options))
    paths = read_log(path, FitOptions.from_table(options))[1].sort_values("time")["path"].tolist()
    assert paths == [f"/{clock}" for clock in clocks]


@pytest.mark.parametrize(
    "texts",
    [
        ["date;user;path", "20260310;ann;/a", "20260311;ann;/b"],
        [compact({"date": d, "user": "ann", "path": "/a"}) for d in (20260310, "20260311")],
    ],
)
def test_eight_digits_are_a_day(texts: list[str], tmp_path: Path) -> None:
    _, rows = read_log(put(tmp_path, lines(*texts)))
    assert [str(t) for t in rows["time"]] == [f"2026-03-1{d} 00:00:00+00:00" for d in (0, 1)]


# -- what was not found, and odd rows ------------------------------------------------------------------


def test_what_was_not_found_is_said(tmp_path: Path) -> None:
    path = put(tmp_path, lines("time,user", *(f"2026-03-10T08:00:{s}Z,ann" for s in (10, 40))))
    text = fit_log(path).summary_text()
    assert "no method found: every request counts as a read" in text
    assert "no path found: page loads cannot be told" in text
    assert "no sizes found" in text


@pytest.mark.parametrize("twice", ["one behind the other", "next to each other"])
def test_a_log_that_was_written_twice(twice: str, tmp_path: Path) -> None:
    rows = [clf(second=s, request=_GET.replace("/a", f"/{s}")) for s in (0, 30, 75, 200)]
    texts = (
        rows + rows if twice == "one behind the other" else [row for row in rows for _ in range(2)]
    )
    path = put(tmp_path, lines(*texts))
    check(path, Right([30, 45, 125], notes=("nearly every row stands twice", "--once")))
    once = check(path, Right([30, 45, 125], options={"once": True}))
    assert list(once.requests) == [4]
    assert list(fit_log(path).requests) == [8]


def test_a_few_rows_twice_are_kept_and_their_share_said(tmp_path: Path) -> None:
    rows = [clf(second=s, request=_GET.replace("/a", f"/{s}")) for s in range(0, 500, 25)]
    fit = check(put(tmp_path, lines(*rows, rows[-1])), Right([25] * 19))
    assert "4.76% of the rows repeat the row before" in fit.summary_text()
    assert list(fit.requests) == [21]


@pytest.mark.parametrize(
    ("one", "other"), [("Ann", "ann"), (r"EXAMPLE\\BOB", r"example\\bob"), ("ÅSA", "åsa")]
)
def test_accounts_that_differ_in_case_alone(one: str, other: str, tmp_path: Path) -> None:
    path = put(tmp_path, lines(clf(user=one), clf(user=other, second=30), clf(user=one, second=60)))
    check(path, Right([60], persons=2, notes=("--fold-case",)))
    check(path, Right([30, 30], options={"fold_case": True}))


# -- polls and what is left out ------------------------------------------------------------------------


def polling(path: str, beat_s: int, number: int, offset_s: int = 3) -> list[str]:
    return [
        clf(second=offset_s + i * beat_s, request=f'"GET {path}?n={i} HTTP/1.1" 200 10')
        for i in range(number)
    ]


ACTS = [clf(second=s, request=f'"GET /page/{s} HTTP/1.1" 200 10') for s in (0, 47, 300, 1100)]
POLLED = {
    "an even beat": (polling("/api/news", 20, 50), "/api/news every 20 s"),
    "a minute": (polling("/status.json", 60, 18), "/status.json every 1 min"),
    "a known path": (polling("/app/heartbeat", 37, 4), "/app/heartbeat"),
    "a known path of Confluence": (
        polling("/rest/quickreload/latest/9", 13, 5),
        "/rest/quickreload",
    ),
}


@pytest.mark.parametrize("name", POLLED)
def test_background_polls_are_left_out_and_named(name: str, tmp_path: Path) -> None:
    polls, words = POLLED[name]
    path = put(tmp_path, lines(*ACTS, *polls))
    check(path, Right([47, 253, 800], notes=(f"{len(polls)} requests", words, "--polls keep")))
    kept = fit_log(path, FitOptions(polls="keep"))
    assert kept.requests.sum() == len(ACTS) + len(polls)
    assert "are kept" in kept.summary_text()


def test_a_person_who_comes_back_is_no_poll(tmp_path: Path) -> None:
    """The same page, twelve times, with a person's pauses."""
    seconds = [0, 9, 40, 47, 130, 141, 300, 333, 350, 700, 712, 900]
    path = put(tmp_path, lines(*(clf(second=s) for s in seconds)))
    assert fit_log(path).polls.requests == 0


def test_nothing_but_polls_is_kept(tmp_path: Path) -> None:
    fit = check(put(tmp_path, lines(*polling("/x", 30, 20))), Right([30] * 19))
    assert "are kept" in fit.summary_text()


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("path=^/health", [30]),
        ("user=svc-.*", [30]),
        ("user=svc", [30, 10]),  # the whole name
        ("status=5..", [30]),
        ("agent=[Bb]ot", [30]),
        ("path=/nothing", [30, 10]),
    ],
)
def test_rows_are_left_out_by_path_user_status_or_agent(
    rule: str, left: list[float], tmp_path: Path
) -> None:
    texts = [clf(request=_GET + ' "-" "Firefox"'), clf(second=30, request=_POST + ' "-" "Firefox"')]
    robot = '"GET /health/{} HTTP/1.1" 503 10 "-" "a bot"'
    texts += [clf(user="svc-1", second=s, request=robot.format(s)) for s in (100, 110)]
    path = put(tmp_path, lines(*texts))
    fit = fit_log(path, FitOptions.from_table({"exclude": [rule]}))
    assert sorted(fit.think_s) == sorted(left)
    assert fit.log.excluded == (2 if left == [30] else 0)
    done = CliRunner().invoke(main, ["fit", str(path), "--exclude", rule])
    assert done.exit_code == 0
    assert ("2 excluded" in done.output) == (left == [30])


def test_leaving_out_by_what_is_not_there_is_said(tmp_path: Path) -> None:
    path = put(tmp_path, lines(*map(compact, TWO)))
    with pytest.raises(
        LogError, match=r"--exclude agent=bot: the log has no user agent.*time, path, user, method"
    ):
        fit_log(path, FitOptions.from_table({"exclude": ["agent=bot"]}))
    nothing = fit_log(path, FitOptions.from_table({"exclude": ["user=nobody"]}))
    assert "--exclude left no row out" in nothing.summary_text()


def test_everything_left_out_is_an_error(tmp_path: Path) -> None:
    path = put(tmp_path, lines(clf(), clf(second=30)))
    with pytest.raises(LogError, match="all 2 rows are left out by --exclude"):
        fit_log(path, FitOptions.from_table({"exclude": ["path=."]}))


# -- words -------------------------------------------------------------------------------------------


def test_the_table_of_forms_is_the_readers() -> None:
    """Renew it with: python docs/make_forms.py"""
    import runpy

    docs = ROOT / "docs"
    page: str = runpy.run_path(str(docs / "make_forms.py"))["page"]()
    assert page == (docs / "workloads.md").read_text(encoding="utf-8")
    shown = CliRunner().invoke(main, ["fit", "--help"]).output
    for name in ("Confluence access log", "LTSV", "CloudFront access log", "Parquet"):
        assert name in shown


def refusal(tmp_path: Path, text: str, *options: str) -> str:
    path = put(tmp_path, text)
    done = CliRunner().invoke(main, ["fit", str(path), *options])
    assert done.exit_code == 2, done.output
    assert str(path) in done.stderr
    assert "Traceback" not in done.output
    return done.stderr


def test_a_refusal_says_what_there_is_and_what_to_do(tmp_path: Path) -> None:
    no_time = refusal(tmp_path, lines(compact({"when": "2026-03-10", "user": "ann"})))
    assert "no column with a time" in no_time
    assert "--column ts=NAME" in no_time
    assert "The log has: when, user" in no_time
    nested = refusal(
        tmp_path, lines(compact({"meta": {"at_": 1}, "who": "ann"}), compact({"b": 2}))
    )
    assert "no column with a time" in nested
    assert "The log has: meta.at_, who" in nested
    roles = refusal(tmp_path, lines(*(compact({**r, "user": {"role": "x"}}) for r in TWO)))
    assert "no column with a person" in roles
    assert "user.role" in roles
    assert "--column user=NAME" in roles
    nobody = refusal(tmp_path, lines(clf(user="-"), clf(user="-", second=30)))
    assert "no row of the log has a person" in nobody
    prose = refusal(tmp_path, "Dear diary,\nnobody came.\n")
    assert "line 1 is: Dear diary," in prose
