"""Forms that are JSON, told by the names in them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from sim.workload.logs.blocks import LONGEST, Block
from sim.workload.logs.fields import guessed, normal
from sim.workload.logs.form import Form, Head, Part
from sim.workload.logs.forms.json_records import (
    Look,
    Record,
    Stream,
    as_text,
    inside,
    look,
    many_objects,
    merged,
    names_in,
    several_lines,
)
from sim.workload.logs.forms.patterns import PATTERNS
from sim.workload.logs.problems import BadLines

_LEARNED = 100  # records of each block in which new names are looked for


def _text_form(head: Head) -> Form | None:
    """The form without JSON that most of these lines have."""
    shares = [(form.share(head), form) for form in PATTERNS]
    share, form = max(shares, key=lambda pair: pair[0])
    return form if share > 0.5 else None


def _head_of(texts: list[str], head: Head) -> Head:
    import pyarrow as pa

    numbers = np.arange(1, len(texts) + 1)
    return Head(Block(pa.array(texts, pa.string()), numbers), texts, head.options)


def _look(head: Head) -> Look:
    return look(head, lambda texts: _text_form(_head_of(texts, head)) is not None)


def text_column(values: list[str | None]) -> Any:
    """An Arrow column; half a surrogate pair, which JSON can spell and text cannot hold, becomes a question mark."""
    import pyarrow as pa

    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        whole = [v if v is None else v.encode(errors="replace").decode() for v in values]
        return pa.array(whole, pa.string())


class JsonReader:
    """Reads records, one or more a line."""

    _learning: int | None = None  # all of the first block

    def __init__(self, name: str, fields: Mapping[str, str], head: Head, bad: BadLines):
        self._look, self._bad, self._fields = _look(head), bad, fields
        self.name = name + ", each line behind a prefix" * self._look.prefixed
        if self._look.wrapper:
            self.name += f', as text in "{self._look.wrapper}"'
        self.names = list(self._look.names)

    def candidates(self) -> Mapping[str, list[str]]:
        found = guessed(self.names)
        own = {field: [name] for field, name in self._fields.items() if name in self.names}
        return {**found, **{field: own[field] + found.get(field, []) for field in own}}

    def read(self, block: Block, wanted: set[str]) -> Part:
        return self._part(*self._records(block), wanted)

    def _records(self, block: Block) -> tuple[list[Record], list[int]]:
        texts = block.lines.to_pylist()
        at = [i for i, text in enumerate(texts) if text.strip()]
        kept = [texts[i] for i in at]
        if self._look.prefixed:
            kept = [text[max(text.find("{"), 0) :] for text in kept]
        records, numbers = [], []
        for i, found in zip(at, many_objects(kept), strict=True):
            if found is None:
                self._bad.add(int(block.numbers[i]), "no JSON object", texts[i])
            for record in found or ():
                records.append(merged(record, self._look.wrapper))
                numbers.append(int(block.numbers[i]))
        return records, numbers

    def _part(self, records: list[Record], numbers: list[int], wanted: set[str]) -> Part:
        learned = (name for record in records[: self._learning] for name in names_in(record))
        self.names = list(dict.fromkeys((*self.names, *learned)))
        self._learning = _LEARNED
        columns = {
            name: text_column([as_text(inside(record, name)) for record in records])
            for name in self.names
            if name in wanted
        }
        return Part(columns, np.array(numbers, dtype=np.int64))


class StreamReader(JsonReader):
    """Reads an array, or objects over several lines."""

    def __init__(self, head: Head, bad: BadLines):
        self._stream, self._bad = Stream(), bad
        self._fields: Mapping[str, str] = {}
        self.name = "JSON, an array or objects over several lines"
        records = [record for _, record in Stream().objects("\n".join(head.texts))]
        self.names = list(dict.fromkeys(name for record in records for name in names_in(record)))

    def _records(self, block: Block) -> tuple[list[Record], list[int]]:
        found = list(self._stream.objects("".join(block.lines.to_pylist())))
        if self._stream.left > LONGEST:
            self._bad.add(self._stream.drop()[0], "no JSON object begins here")
        return [record for _, record in found], [number for number, _ in found]


class HeldReader:
    """Reads lines of another form that a field of each record holds as text."""

    def __init__(self, head: Head, bad: BadLines):
        seen = _look(head)
        assert seen.inner is not None
        self._field, self._bad, self._prefixed = seen.inner, bad, seen.prefixed
        inner = _head_of([str(inside(record, self._field)) for record in seen.records], head)
        form = _text_form(inner)
        assert form is not None
        self._reader = form.reader(inner, bad)
        self.name = f'{form.name}, as text in "{self._field}" of JSON lines'

    @property
    def names(self) -> list[str]:
        return self._reader.names

    def candidates(self) -> Mapping[str, list[str]]:
        return self._reader.candidates()

    def read(self, block: Block, wanted: set[str]) -> Part:
        texts, numbers = [], []
        lines = [text[max(text.find("{"), 0) :] for text in block.lines.to_pylist()]
        for number, line, found in zip(block.numbers, lines, many_objects(lines), strict=True):
            if found is None and line.strip():
                self._bad.add(int(number), "no JSON object", line)
            for record in found or ():
                texts.append(as_text(inside(record, self._field)) or "")
                numbers.append(number)
        held = Block(text_column(list(texts)), np.array(numbers, dtype=np.int64))
        return self._reader.read(held, wanted)


# -- the forms -----------------------------------------------------------------------------------------


def _json_form(
    name: str,
    where: str,
    names: tuple[str, ...],
    *,
    tells: tuple[str, ...] = (),
    fields: Mapping[str, str] | None = None,
    remark: str = "",
) -> Form:
    """A form with these names in it, of which `tells` are enough to know it by."""
    own = fields or {}
    finds = tuple(sorted({*guessed(names), *own}))

    def share(head: Head) -> float:
        seen = _look(head)
        known = {normal(n) for name in seen.names for n in (name, name.rpartition(".")[2])}
        return seen.share * all(normal(tell) in known for tell in tells)

    return Form(name, where, finds, share, partial(JsonReader, name, own), remark)


def _held_share(head: Head) -> float:
    seen = _look(head)
    return seen.share if seen.inner else 0.0


def _several_share(head: Head) -> float:
    return float(_look(head).share < 0.5 and several_lines(head.texts))


HELD = Form(
    "A log line in JSON",
    'Docker (json-file: "log"), journald ("MESSAGE"), fluentd, GCP ("textPayload")',
    (),
    _held_share,
    HeldReader,
    "as in the form of the line",
)
SEVERAL = Form(
    "JSON over several lines",
    "arrays and pretty-printed objects; also records in `records`",
    (),
    _several_share,
    StreamReader,
    "",
)
_ECS = ("http.request.method", "http.response.status_code", "http.response.body.bytes")
NAMED: tuple[Form, ...] = (
    _json_form(
        "Caddy access log",
        "Caddy",
        (*("ts", "user_id", "request.method", "request.host", "request.uri"), "status", "size"),
        tells=("request.method", "request.uri", "ts"),
        fields={"agent": "request.headers.User-Agent"},
    ),
    _json_form(
        "Traefik JSON",
        "Traefik, format json",
        (
            *("StartUTC", "ClientUsername", "RequestMethod", "RequestHost", "RequestPath"),
            *("DownstreamStatus", "DownstreamContentSize", "request_User-Agent"),
        ),
        tells=("RequestMethod", "RequestPath", "DownstreamStatus"),
        fields={"ts": "StartUTC", "agent": "request_User-Agent"},
    ),
    _json_form(
        "GCP load balancer JSON",
        "Google Cloud Load Balancing, from Cloud Logging",
        (
            *("timestamp", "httpRequest.requestMethod", "httpRequest.requestUrl"),
            *("httpRequest.status", "httpRequest.responseSize", "httpRequest.userAgent"),
        ),
        tells=("httpRequest.requestMethod", "httpRequest.requestUrl"),
        remark="a label may be it: --column user=NAME",
    ),
    _json_form(
        "Azure gateway JSON",
        "Azure Application Gateway and Front Door",
        (
            *("time", "properties.httpMethod", "properties.requestUri", "properties.httpStatus"),
            *("properties.sentBytes", "properties.userAgent", "properties.requestQuery"),
        ),
        tells=("category", "httpMethod", "requestUri"),
        remark="`properties` may be text",
    ),
    _json_form(
        "Cloudflare Logpush",
        "Cloudflare, HTTP requests",
        (
            *("EdgeStartTimestamp", "ClientRequestMethod", "ClientRequestURI"),
            *("ClientRequestHost", "EdgeResponseStatus", "EdgeResponseBytes"),
            "ClientRequestUserAgent",
        ),
        tells=("EdgeStartTimestamp", "ClientRequestMethod"),
        remark="a logged header may be it: --column user=NAME",
    ),
    _json_form(
        "Keycloak events JSON",
        "Keycloak, JSON console log and event exports",
        ("timestamp", "userId"),
        tells=("realmId", "userId", "type"),
        fields={"event": "type"},
        remark="sign-ins and token refreshes, not clicks",
    ),
    _json_form(
        "Elastic Common Schema",
        "Filebeat, Elastic Agent; nested or with dots",
        (*("@timestamp", "user.name", "url.original"), *_ECS, "user_agent.original"),
        tells=("@timestamp", "http.request.method"),
    ),
    _json_form(
        "nginx JSON",
        "nginx, log_format ... escape=json with its own names",
        (
            *("time_iso8601", "remote_user", "request", "status", "body_bytes_sent"),
            "http_user_agent",
        ),
        tells=("remote_user", "status"),
    ),
)
GENERIC = _json_form(
    "JSON lines", "applications; names as in CSV, nested ones with dots", (), tells=()
)
