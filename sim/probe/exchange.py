"""One exchange with the system that is probed: secrets filled in, hosts and pace kept, nothing followed, nothing leaked."""

import asyncio
import json
import os
import random
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import abc as aiohttp_abc
from yarl import URL

from sim.probe.settings import PLACEHOLDER, Action, Credential, Probe, Request, SignIn, is_loopback

LARGEST_ANSWER = 1_000_000  # bytes of an answer that are read
HIDDEN = "***"
UNEVEN = 0.3  # gaps are longer than the shortest by up to this share, so that no lifetime falls in step with them


class ExchangeFailed(RuntimeError):
    """Something that has to work did not; the message holds no secret."""


@dataclass(frozen=True)
class Answer:
    """What came back, and when, in seconds of the run's monotonic clock. `status` 0: no answer."""

    sent_s: float
    answered_s: float
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    why: str = ""


class Secrets:
    """The secrets of a file, read once; `hide` takes them out of any text."""

    def __init__(self, values: dict[str, str]):
        self.values = values
        self._hidden = {value for value in values.values() if value}

    @classmethod
    async def of(cls, probe: Probe) -> "Secrets":
        """From the environment and from commands. Raises ExchangeFailed, which names the secret."""
        values = {}
        for name, secret in probe.secrets.items():
            if secret.env is not None:
                if secret.env not in os.environ:
                    raise ExchangeFailed(f"secrets.{name}: {secret.env} is not in the environment")
                values[name] = os.environ[secret.env]
            else:
                command = secret.command or []
                values[name] = await output_of(f"secrets.{name}", command, 30.0, probe.folder)
        return cls(values)

    def remember(self, credential: str) -> None:
        """A credential is a secret from the moment it is issued."""
        self._hidden.add(credential)

    def hide(self, text: str) -> str:
        """A text without secrets; the longest first, since one may hold another."""
        for secret in sorted(self._hidden, key=len, reverse=True):
            if secret:
                text = text.replace(secret, HIDDEN)
        return text

    def fill(self, text: str, credential: str = "") -> str:
        """A text of the file with its placeholders filled in."""
        known = {**self.values, "credential": credential}
        return PLACEHOLDER.sub(lambda match: known[match[1]], text)

    def fill_all(self, value: Any, credential: str = "") -> Any:
        """The same for every text in a table or list."""
        if isinstance(value, str):
            return self.fill(value, credential)
        if isinstance(value, dict):
            return {key: self.fill_all(below, credential) for key, below in value.items()}
        return [self.fill_all(v, credential) for v in value] if isinstance(value, list) else value


async def output_of(
    name: str,
    command: Iterable[str],
    timeout_s: float,
    folder: Path,
    hide: Callable[[str], str] = str,
) -> str:
    """What a command prints. Raises ExchangeFailed where it cannot be run, takes too long, or fails."""
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise ExchangeFailed(f"{name}: the command cannot be run: {error.strerror}") from None
    try:
        out, wrong = await asyncio.wait_for(child.communicate(), timeout_s)
    except TimeoutError:
        raise ExchangeFailed(f"{name}: the command took longer than {timeout_s:g} s") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        said = hide(wrong.decode(errors="replace").strip())[-200:]
        raise ExchangeFailed(f"{name}: the command ended with {child.returncode}: {said}")
    return out.decode(errors="replace").strip()


class _OnlyLoopback(aiohttp_abc.AbstractResolver):
    """Names are looked up for hosts that were allowed by name; "localhost" leads to this machine only."""

    def __init__(self) -> None:
        self._system = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
        found = await self._system.resolve(host, port, family)
        if host == "localhost" and not all(is_loopback(one["host"]) for one in found):
            raise OSError("localhost leads to another machine")
        return found

    async def close(self) -> None:
        await self._system.close()


class Wire:
    """The only way out. Every request passes here: a host that was allowed, at most the rate, certificates verified."""

    def __init__(self, probe: Probe, secrets: Secrets, allowed: frozenset[str] = frozenset()):
        self.probe, self.secrets = probe, secrets
        self._hosts = {host for host in probe.hosts() if is_loopback(host) or host in allowed}
        self._gap_s = 1.0 / probe.run.rate_per_s
        self._free_s = 0.0  # when the next request may leave
        self._random = random.Random(probe.run.seed)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Wire":
        context = ssl.create_default_context(cafile=self.probe.target.ca_file)
        connector = aiohttp.TCPConnector(ssl=context, resolver=_OnlyLoopback(), limit=4)
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._session is not None
        await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session, open inside `async with`."""
        assert self._session is not None
        return self._session

    def check_host(self, url: str) -> None:
        """Raise ExchangeFailed for a host that was not named on the command line as well."""
        host = URL(url).host or ""
        if host not in self._hosts:
            raise ExchangeFailed(
                f"{host} is not this machine: name it on the command line too (--host {host})"
            )

    async def turn(self) -> None:
        """Wait until another request may leave."""
        now_s = time.monotonic()
        leaves_s = max(now_s, self._free_s)
        self._free_s = leaves_s + self._gap_s * (1.0 + UNEVEN * self._random.random())
        if leaves_s > now_s:
            await asyncio.sleep(leaves_s - now_s)

    async def send(self, request: Request, credential: str = "") -> Answer:
        """Send a request and read the answer. No redirect is followed. Raises ExchangeFailed for a forbidden host."""
        url = self.secrets.fill(self.probe.address(request.url), credential)
        self.check_host(url)
        await self.turn()
        headers = self.secrets.fill_all(request.headers, credential)
        sent_s = time.monotonic()
        try:
            async with self.session.request(
                request.method,
                url,
                headers=headers,
                allow_redirects=False,
                json=self.secrets.fill_all(request.json_body, credential),
                data=self.secrets.fill_all(request.form, credential),
                timeout=aiohttp.ClientTimeout(total=request.timeout_s),
            ) as answer:
                body = await answer.content.read(LARGEST_ANSWER)
                pairs = tuple((k, v) for k, v in answer.headers.items())
                return Answer(sent_s, time.monotonic(), answer.status, pairs, body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            why = self.secrets.hide(f"{type(error).__name__}: {error}")
            return Answer(sent_s, time.monotonic(), 0, why=why)

    async def do(self, name: str, action: Action, credential: str = "") -> Answer:
        """Carry out an action that has to work. Raises ExchangeFailed with what came instead."""
        if action.command is not None:
            words = self.secrets.fill_all(action.command, credential)
            sent_s = time.monotonic()
            said = await output_of(
                name, words, action.timeout_s, self.probe.folder, self.secrets.hide
            )
            return Answer(sent_s, time.monotonic(), 200, body=said.encode())
        assert action.request is not None
        answer = await self.send(action.request, credential)
        if not 200 <= answer.status < 400:
            came = answer.why or f"status {answer.status}"
            raise ExchangeFailed(f"{name}: {action.request.method} {action.request.url}: {came}")
        return answer

    async def sign_in(self, name: str, action: SignIn, credential: str = "") -> tuple[str, Answer]:
        """A new credential. Raises ExchangeFailed where none is found."""
        answer = await self.do(name, action, credential)
        found = issued(answer, action.credential)
        if not found:
            raise ExchangeFailed(
                f"{name}: the answer holds no credential ({_place(action.credential)})"
            )
        self.secrets.remember(found)
        return found, answer


def issued(answer: Answer, where: Credential | None) -> str:
    """The credential in an answer; empty where there is none."""
    if where is None:
        return answer.body.decode(errors="replace").strip()
    if where.header is not None:
        wanted = where.header.lower()
        return next((value for name, value in answer.headers if name.lower() == wanted), "")
    if where.cookie is not None:
        return _cookie(answer, where.cookie)
    value: Any = _json(answer.body)
    for part in (where.json_key or "").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _cookie(answer: Answer, name: str) -> str:
    for header, value in answer.headers:
        key, _, rest = value.partition("=")
        if header.lower() == "set-cookie" and key.strip() == name:
            return rest.split(";", 1)[0].strip()
    return ""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _place(where: Credential | None) -> str:
    if where is None:
        return "the command printed nothing"
    return next(f'{k} "{v}"' for k, v in where.model_dump(by_alias=True).items() if v is not None)
