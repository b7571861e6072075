"""Forms of which every line has one shape, said by a pattern (RE2, run by Arrow over a block of lines at a time)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.workload.logs.blocks import Block
from sim.workload.logs.fields import FIELDS
from sim.workload.logs.form import Form, Head, Part
from sim.workload.logs.problems import BadLines

Columns = dict[str, Any]
Repair = Callable[[Columns], Columns]

# A client, ident and user before the time, a request line, status and bytes behind it. What stands before the three
# (virtual hosts, a list of forwarding proxies, the prefixes of syslog, containers and clusters) and behind is ignored.
_CLF_TIME = r"\[(?P<ts>\d{1,2}/\w{3}/\d{4}[: ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?[+-]\d\d:?\d\d)?)\]"
_QUOTED_REQUEST = (
    r'"(?:(?P<method>[A-Za-z]+) (?P<path>(?:[^"\\]|\\.)*?)(?: HTTP/[\d.]+)?|(?:[^"\\]|\\.)*)"'
)
_CLF = (
    r'^(?P<before>.*?)(?P<ident>\S+) +(?P<user>"(?:[^"\\]|\\.)*"|\S+) '
    + _CLF_TIME
    + f" {_QUOTED_REQUEST}"
    + r" (?P<status>\d{3}|-) (?P<bytes>\d+|-)(?:\s|$)"
)
_CLF_AGENT = _CLF + r'(?:"(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?'
# The same for the plainest lines, in half the time: nothing escaped, no ident.
_CLF_PLAIN = (
    r"^(?P<before>\S+) - (?P<user>[^ ]*) "
    + _CLF_TIME
    + r' "(?P<method>[A-Za-z]+) (?P<path>[^"\\ ]*) HTTP/[\d.]+"'
    + r" (?P<status>\d{3}) (?P<bytes>\d+|-)(?:\s|$)"
)


@dataclass(frozen=True)
class Shape:
    """A pattern, a faster one for the plainest lines, and one that also finds the user agent."""

    pattern: str
    plain: str | None = None
    with_agent: str | None = None
    repair: Repair | None = None

    def names(self) -> list[str]:
        """The groups that are columns."""
        return list(re.compile(self.with_agent or self.pattern).groupindex)


def pattern_form(name: str, where: str, shape: Shape, remark: str = "", utc: bool = False) -> Form:
    """A form from its shape; the names of groups are fields, or columns that may be named by `--column`."""
    finds = tuple(field for field in FIELDS if field in shape.names())

    def share(head: Head) -> float:
        import pyarrow.compute as pc

        hits = pc.match_substring_regex(head.block.lines, _unnamed(shape.pattern, set()))
        return float(np.mean(hits.to_numpy(zero_copy_only=False)))

    def reader(head: Head, bad: BadLines) -> "PatternReader":
        return PatternReader(name, shape, bad)

    return Form(name, where, finds, share, reader, remark, utc)


def _unnamed(pattern: str, kept: set[str]) -> str:
    """The pattern with only these groups captured: what is not captured costs nothing."""
    return re.sub(r"\(\?P<(\w+)>", lambda match: match[0] if match[1] in kept else "(?:", pattern)


class PatternReader:
    """Reads lines of one shape."""

    def __init__(self, name: str, shape: Shape, bad: BadLines):
        self.name, self._shape, self._bad = name, shape, bad
        self.names = shape.names()

    def candidates(self) -> Mapping[str, list[str]]:
        return {name: [name] for name in self.names if name in FIELDS}

    def read(self, block: Block, wanted: set[str]) -> Part:
        shape = self._shape
        if "agent" in wanted and shape.with_agent:
            groups, numbers = self._matched(block, [shape.with_agent], wanted)
        else:
            patterns = [p for p in (shape.plain, shape.pattern) if p is not None]
            extra = wanted - set(FIELDS)  # a column that only the whole pattern has
            groups, numbers = self._matched(block, patterns[-1:] if extra else patterns, wanted)
        columns = groups if shape.repair is None else shape.repair(groups)
        kept = {name: _as_meant(columns[name]) for name in wanted if name in columns}
        return Part(kept, numbers)

    def _matched(self, block: Block, patterns: list[str], wanted: set[str]) -> tuple[Columns, Any]:
        """The groups of the lines that match the first pattern, or else the next."""
        import pyarrow as pa
        import pyarrow.compute as pc

        kept = wanted | {"before", "ident"}
        names = [n for n in re.compile(patterns[-1]).groupindex if n in kept]
        found, numbers, left = [], [], block
        for pattern in patterns:
            groups = pc.extract_regex(left.lines, _unnamed(pattern, kept))
            hit = groups.is_valid().to_numpy(zero_copy_only=False)
            groups = groups if hit.all() else groups.filter(pa.array(hit))
            found.append([_group(groups, name) for name in names])
            numbers.append(left.numbers[hit])
            left = left.only(~hit)
            if not len(left):
                break
        self._note(left)
        columns = dict(zip(names, found[0], strict=True))
        if len(found) == 1:
            return columns, numbers[0]
        order = np.argsort(np.concatenate(numbers), kind="stable")
        columns = {
            name: pa.concat_arrays(parts).take(pa.array(order))
            for name, parts in zip(names, zip(*found, strict=True), strict=True)
        }
        return columns, np.concatenate(numbers)[order]

    def _note(self, left: Block) -> None:
        import pyarrow.compute as pc

        blank = pc.equal(pc.utf8_trim_whitespace(left.lines), "").to_numpy(zero_copy_only=False)
        left = left.only(~blank)
        self._bad_lines(left)

    def _bad_lines(self, left: Block) -> None:
        reason = f"not in {self.name}"
        for at in range(len(left)):
            if not self._bad.open:
                self._bad.add_more(len(left) - at, reason)
                return
            self._bad.add(int(left.numbers[at]), reason, left.lines[at].as_py())


_ESCAPED = re.compile(r'\\(?:x([0-9A-Fa-f]{2})|(["\\]))')


def _as_meant(column: Any) -> Any:
    """Text without the quotes around it and the escapes in it that servers write."""
    import pyarrow as pa
    import pyarrow.compute as pc

    odd = pc.match_substring_regex(column, r'\\|^".*"$').to_numpy(zero_copy_only=False)
    if not odd.any():
        return column
    texts = column.to_pylist()
    for at in np.flatnonzero(odd):
        texts[at] = _plain(texts[at])
    return pa.array(texts, pa.string())


def _plain(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    # \xHH are bytes of UTF-8
    raw = _ESCAPED.sub(lambda m: m[2] or chr(0xDC00 + int(m[1], 16)), text)
    return b"".join(
        bytes([ord(c) - 0xDC00]) if 0xDC00 <= ord(c) <= 0xDCFF else c.encode() for c in raw
    ).decode(errors="replace")


def _group(groups: Any, name: str) -> Any:
    import pyarrow as pa

    if groups.type.get_field_index(name) < 0:
        return pa.array([""] * len(groups), pa.string())
    return groups.field(name)


# -- Common Log Format ------------------------------------------------------------------------------


def _with_spaces(columns: Columns) -> Columns:
    """A user with spaces in it: all that stands behind the client and an ident of `-`."""
    import pyarrow as pa

    if "user" not in columns:
        return columns
    idents = columns["ident"].to_numpy(zero_copy_only=False)
    odd = np.flatnonzero((idents != "-") & (idents != ""))
    if not len(odd):
        return columns
    users = columns["user"].to_pylist()
    for at in odd:
        _, dash, begin = columns["before"][int(at)].as_py().rpartition(" - ")
        if dash and users[at] != "-":
            users[at] = f"{begin}{idents[at]} {users[at]}"
    return {**columns, "user": pa.array(users, pa.string())}


COMMON = pattern_form(
    "Common or Combined Log Format",
    "Apache, nginx, Tomcat, Jetty, Jira; also behind syslog, Docker Compose, kubectl or CRI prefixes",
    Shape(_CLF, _CLF_PLAIN, _CLF_AGENT, _with_spaces),
)
TRAEFIK = pattern_form(
    "Traefik access log",
    "Traefik, its default (Common Log Format and more)",
    Shape(
        _CLF + r'(?:"(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)") \d+ "[^"]*" "[^"]*" \d+ms\s*$',
        repair=_with_spaces,
    ),
)

# -- servers with a form of their own ---------------------------------------------------------------

CONFLUENCE = pattern_form(
    "Confluence access log",
    "Confluence, its default (Tomcat with X-AUSERNAME first)",
    Shape(
        _CLF_TIME
        + r" (?P<user>.+?) (?P<thread>\S+) (?P<client_address>\S+) (?P<method>[A-Z]+) (?P<path>\S+)"
        r" HTTP/[\d.]+ (?P<status>\d{3}|-) \d+ms (?P<bytes>\d+|-) \S+(?: (?P<agent>[^\n]*))?\s*$"
    ),
)
HAPROXY = pattern_form(
    "HAProxy HTTP log",
    "HAProxy, option httplog",
    Shape(
        r"(?P<client_address>\S+):\d+ \[(?P<ts>\d{1,2}/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d+)\] \S+ \S+/\S+"
        r" [\d+-]+/[\d+-]+/[\d+-]+/[\d+-]+/[\d+-]+ (?P<status>-?\d+) \+?(?P<bytes>\d+)"
        r" (?P<request_cookie>\S+) \S+ \S{4} \S+ \S+"
        r"(?: \{(?P<request_header_1>[^|}]*)(?:\|(?P<request_header_2>[^|}]*))?[^}]*\})?(?: \{[^}]*\})?"
        f" {_QUOTED_REQUEST}"
    ),
    "a captured header or cookie may be it: --column user=request_header_1",
)
_ENVOY_TIME = r"\[(?P<ts>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)\]"
ENVOY = pattern_form(
    "Envoy access log",
    "Envoy and Istio, their defaults",
    Shape(
        f"{_ENVOY_TIME} {_QUOTED_REQUEST}"
        r' (?P<status>\d+) \S+(?: \S+ \S+ "[^"]*")? \d+ (?P<bytes>\d+) \S+ \S+'
        r' "(?P<forwarded_for>[^"]*)" "(?P<agent>[^"]*)" "(?P<request_id>[^"]*)" "(?P<host>[^"]*)"'
    ),
    "a format of your own may log the person",
)
ALB = pattern_form(
    "AWS load balancer log",
    "AWS Application and Classic Load Balancer",
    Shape(
        r"(?:^|\s)(?P<ts>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z) (?P<balancer>\S+) (?P<client_address>\S+):\d+ \S+"
        r" [\d.-]+ [\d.-]+ [\d.-]+ (?P<status>\d+|-) \S+ \d+ (?P<bytes>\d+)"
        f" {_QUOTED_REQUEST}"
        r'(?: "(?P<agent>[^"]*)")?'
    ),
)
KEYCLOAK = pattern_form(
    "Keycloak events",
    "Keycloak, its server log (category org.keycloak.events)",
    Shape(
        r"(?P<ts>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,]\d+(?:Z|[+-]\d\d:?\d\d)?).*\[org\.keycloak\.events\].*?"
        r'type="?(?P<event>\w+)"?.*?userId="?(?P<user>[^",\s]+)"?'
        r'(?:.*?sessionId="?(?P<login_session>[^",\s]+)"?)?'
    ),
    "sign-ins and token refreshes, not clicks",
)
PATTERNS = (TRAEFIK, COMMON, CONFLUENCE, HAPROXY, ENVOY, ALB, KEYCLOAK)
