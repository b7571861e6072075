"""Forms of which every line has one shape."""

from sim.workload.logs.fields import FIELDS
from sim.workload.logs.form import Form, Head, Reader
from sim.workload.logs.problems import BadLines
from sim.workload.logs.shape import Shape

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
# The same for the plainest lines (nothing escaped, no ident), in a quarter of the time: RE2 has a faster way for patterns
# that need no second look and have at most four groups.
_CLF_PLAIN = (
    r"^\S+ - (?P<user>[^ ]*) "
    + _CLF_TIME
    + r' "(?P<method__path>[A-Za-z]+ [^"\\ ]*) HTTP/[\d.]+"'
    + r" (?P<status__bytes>\d{3} (?:\d+|-))(?:\s|$)"
)


def pattern_form(name: str, where: str, shape: Shape, remark: str = "", utc: bool = False) -> Form:
    """A form from its shape."""
    finds = tuple(field for field in FIELDS if field in shape.names())

    def share(head: Head) -> float:
        from sim.workload.logs.readers.patterns import share_of

        return share_of(shape, head)

    def reader(head: Head, bad: BadLines) -> Reader:
        from sim.workload.logs.readers.patterns import PatternReader

        return PatternReader(name, shape, bad)

    return Form(name, where, finds, share, reader, remark, utc)


COMMON = pattern_form(
    "Common or Combined Log Format",
    "Apache, nginx, Tomcat, Jetty, Jira; also behind syslog, Docker Compose, kubectl or CRI prefixes",
    Shape(_CLF, _CLF_PLAIN, _CLF_AGENT, spaced=True),
)
TRAEFIK = pattern_form(
    "Traefik access log",
    "Traefik, its default (Common Log Format and more)",
    Shape(
        _CLF + r'(?:"(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)") \d+ "[^"]*" "[^"]*" \d+ms\s*$',
        spaced=True,
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
