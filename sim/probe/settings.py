"""What to probe and how, from a small TOML file: every mistake with its file, line, key and what was expected."""

import hashlib
import ipaddress
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn
from urllib.parse import urljoin, urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from sim.basics.names import nearest
from sim.basics.ranges import PositiveDuration
from sim.basics.units import parse_rate
from sim.scenario import Problem, ScenarioError
from sim.scenario.errors import KeyPath, key_lines, line_of, shown

LARGEST_BYTES = 100_000
MOST_PER_S = 5.0
PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


class ProbeError(ScenarioError):
    """A probe file that cannot be used; `problems` holds all that is wrong with it."""


class Table(BaseModel):
    """A table of the file: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Request(Table):
    """One HTTP request. In its texts `{credential}` and the names of `[secrets]` are filled in."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = "GET"
    url: str
    headers: dict[str, str] = {}
    json_body: Any = Field(default=None, alias="json")
    form: dict[str, str] | None = None
    timeout_s: PositiveDuration = Field(default=10.0, alias="timeout")


class Action(Table):
    """Something to do: an HTTP request, or a command with its words."""

    request: Request | None = None
    command: list[str] | None = Field(default=None, min_length=1)
    timeout_s: PositiveDuration = Field(default=30.0, alias="timeout")

    @model_validator(mode="after")
    def _one_of_two(self) -> "Action":
        if (self.request is None) == (self.command is None):
            raise ValueError("expected either a request or a command")
        return self


class Credential(Table):
    """Where the answer to a sign-in holds the credential."""

    json_key: str | None = Field(default=None, alias="json")
    cookie: str | None = None
    header: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "Credential":
        if sum(place is not None for place in (self.json_key, self.cookie, self.header)) != 1:
            raise ValueError('expected one of json = "key", cookie = "name", header = "name"')
        return self


class SignIn(Action):
    """How a test account signs in; a command prints the credential."""

    credential: Credential | None = None

    @model_validator(mode="after")
    def _says_where(self) -> "SignIn":
        if self.request is not None and self.credential is None:
            raise ValueError('credential: expected a table such as { json = "access_token" }')
        return self


class Try(Table):
    """The request whose acceptance is watched. What is neither accepted nor without answer is refused."""

    request: Request
    accepted: list[int] = Field(default=[200, 201, 204], min_length=1)
    no_answer: list[int] = [429, 500, 502, 503, 504]


class Connection(Table):
    """A web socket that the same person holds open; each `send` that is answered within `timeout` counts as accepted."""

    url: str
    headers: dict[str, str] = {}
    send: str = "ping"
    timeout_s: PositiveDuration = Field(default=2.0, alias="timeout")


class Secret(Table):
    """A secret from the environment, or what a command prints."""

    env: str | None = None
    command: list[str] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_of_two(self) -> "Secret":
        if (self.env is None) == (self.command is None):
            raise ValueError('expected { env = "NAME" } or { command = [...] }')
        return self


def _pace(value: Any) -> float:
    rate = parse_rate(value)
    if not 0 < rate <= MOST_PER_S:
        raise ValueError(f"expected at most {MOST_PER_S:g} requests a second, and more than none")
    return rate


class Plan(Table):
    """How often, how fast, how long."""

    rate_per_s: Annotated[float, BeforeValidator(_pace)] = Field(default=MOST_PER_S, alias="rate")
    repetitions: int = Field(default=12, ge=1, le=1000)
    watch_s: PositiveDuration = Field(default=120.0, alias="watch")
    quiet_s: PositiveDuration = Field(default=5.0, alias="quiet")
    at_most_s: PositiveDuration = Field(default=3600.0, alias="at_most")
    back_within_s: PositiveDuration = Field(default=60.0, alias="back_within")
    spread_s: PositiveDuration | None = Field(default=None, alias="spread")
    idle: bool = True
    second_session: bool = True
    seed: int = Field(default=1, ge=0, le=2**31)


class Target(Table):
    """Where relative addresses lead, and whom to trust beside the system's authorities."""

    base: str
    ca_file: Path | None = None


class Probe(Table):
    """A probe file."""

    format: Literal[1]
    title: str = ""
    target: Target
    secrets: dict[str, Secret] = {}
    sign_in: SignIn
    renew: SignIn | None = None
    trial: Try = Field(alias="try")
    ungated: Request | None = None
    revoke: Action
    give_back: Action
    connection: Connection | None = None
    run: Plan = Plan()
    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """Where the file lies; its commands run there."""
        return self._folder

    @property
    def digest(self) -> str:
        """Of all that decides what is measured; a journal carries it."""
        text = json.dumps(self.model_dump(mode="json", exclude={"title"}), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def address(self, url: str) -> str:
        """A URL of the file made absolute."""
        return urljoin(self.target.base, url)

    def requests(self) -> "Iterator[tuple[str, Request]]":
        """Every HTTP request of the file, with the key it stands under."""
        for key in ("sign_in", "renew", "trial", "ungated", "revoke", "give_back"):
            part = getattr(self, key)
            request = part if isinstance(part, Request) else getattr(part, "request", None)
            if request is not None:
                yield ("try" if key == "trial" else key), request

    def hosts(self) -> dict[str, str]:
        """The hosts that would be asked, each with the key that names it first."""
        found = {_host(self.target.base): "target.base"}
        for key, request in self.requests():
            found.setdefault(_host(self.address(request.url)), f"{key}.request.url")
        if self.connection is not None:
            found.setdefault(_host(self.address(self.connection.url)), "connection.url")
        return found


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load_probe(path: Path) -> Probe:
    """A probe from its file. Raises ProbeError, which lists every problem found."""
    text = _text(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        _fail(path, f"not TOML: {error}", int(place[1]) if place else None)
    try:
        probe = Probe.model_validate(raw)
    except ValidationError as error:
        problems = [_problem(path, text, e) for e in error.errors(include_url=False)]
        raise ProbeError(problems) from None
    problems = [
        Problem(str(path), line_of(key_lines(text), key), ".".join(key), shown(value), message)
        for key, value, message in _misfits(probe, raw)
    ]
    if problems:
        raise ProbeError(problems)
    probe._folder = path.resolve().parent
    return probe


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            _fail(path, f"is longer than {LARGEST_BYTES:,} bytes; expected a probe file in TOML")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        _fail(path, f"is not UTF-8 text (byte {error.start}); expected a probe file in TOML")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable file name"
        _fail(path, f"cannot be read: {reason}; `lastclick probe new` writes a probe file")


def _fail(path: Path, message: str, line: int | None = None) -> NoReturn:
    raise ProbeError([Problem(str(path), line, "", "", message)])


def _problem(path: Path, text: str, error: Any) -> Problem:
    key = tuple(str(part) for part in error["loc"])
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    if error["type"] == "extra_forbidden":
        message = f"unknown key{nearest(key[-1], _names(key[:-1]))}"
    elif error["type"] == "missing":
        message = "is missing"
    elif error["type"] in ("model_type", "model_attributes_type", "dict_type"):
        message = "expected a table"
    value = error["input"]
    written = "" if error["type"] == "missing" or isinstance(value, dict) else shown(value)
    return Problem(str(path), line_of(key_lines(text), key), ".".join(key), written, message)


def _names(key: KeyPath) -> list[str]:
    place: Any = Probe
    for part in key:
        fields = getattr(place, "model_fields", {})
        field = next((f for n, f in fields.items() if part in (n, f.alias)), None)
        kinds = (
            [] if field is None else [field.annotation, *getattr(field.annotation, "__args__", ())]
        )
        place = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
    return [] if place is None else [f.alias or n for n, f in place.model_fields.items()]


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _misfits(probe: Probe, raw: Any) -> Iterator[tuple[KeyPath, Any, str]]:
    """What each table allows but all together do not."""
    if urlsplit(probe.target.base).scheme not in ("http", "https") or not _host(probe.target.base):
        message = 'expected an address such as "http://127.0.0.1:8080"'
        yield ("target", "base"), probe.target.base, message
    if probe.run.quiet_s > probe.run.watch_s:
        yield ("run", "quiet"), raw["run"].get("quiet"), "expected at most run.watch"
    known = {*probe.secrets, "credential"}
    for name in probe.secrets:
        if not PLACEHOLDER.fullmatch(f"{{{name}}}") or name == "credential":
            message = 'expected a name of small letters, digits and "_", other than credential'
            yield ("secrets", name), None, message
    for key, text in _texts(raw):
        for name in PLACEHOLDER.findall(text):
            if name not in known:
                yield key, text, f"nothing is called {{{name}}} here{nearest(name, sorted(known))}"
    for key in (("try", "request"), ("connection",)):
        part = raw.get(key[0], {})
        if key[0] in raw and "{credential}" not in json.dumps(part):
            yield (
                key,
                None,
                "the credential is not presented: put {credential} into a header or the address",
            )


def _texts(raw: Any, key: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(raw, dict):
        for name, value in raw.items():
            if key or name not in ("title", "secrets"):
                yield from _texts(value, (*key, name))
    elif isinstance(raw, list):
        for value in raw:
            yield from _texts(value, key)
    elif isinstance(raw, str):
        yield key, raw
