"""One repetition: sign in, click at the pace or stay idle, revoke, watch until it is refused, give back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from sim.probe.exchange import ExchangeFailed, Wire, issued
from sim.probe.record import CONNECTION, FIRST, SECOND, Click, Mode, Outcome, Record

UNGATED = 3  # requests past the gate a repetition, to compare response times


@dataclass(frozen=True)
class Planned:
    """What a repetition shall do: revoke so long after the sign-in, at this part of the wall clock's second."""

    number: int
    mode: Mode
    before_s: float
    part_of_second: float
    idle_s: float = 0.0


class Session:
    """One signed-in session of the test account; adopts what the system re-issues, renews where the file says how."""

    def __init__(self, wire: Wire, who: int):
        self.wire, self.who, self.credential = wire, who, ""
        self.signed_in_s = (0.0, 0.0)

    async def sign_in(self) -> None:
        """Raises ExchangeFailed."""
        self.credential, answer = await self.wire.sign_in("sign_in", self.wire.probe.sign_in)
        self.signed_in_s = (answer.sent_s, answer.answered_s)

    async def click(self) -> Click:
        """Try once; where it is refused and can be renewed, renew and try once more."""
        click = await self._try()
        if click.outcome == "no" and self.wire.probe.renew is not None:
            try:
                renewed = await self.wire.sign_in("renew", self.wire.probe.renew, self.credential)
            except ExchangeFailed:
                return click
            self.credential = renewed[0]
            return await self._try()
        return click

    async def _try(self) -> Click:
        trial = self.wire.probe.trial
        answer = await self.wire.send(trial.request, self.credential)
        where = self.wire.probe.sign_in.credential
        if where is not None and where.json_key is None and (again := issued(answer, where)):
            self.credential = again
            self.wire.secrets.remember(again)
        outcome: Outcome = "yes" if answer.status in trial.accepted else "no"
        if answer.status == 0 or answer.status in trial.no_answer:
            outcome = "none"
        return Click(answer.sent_s, answer.answered_s, outcome, self.who)


class Held:
    """A web socket held open; a message that is answered counts as accepted."""

    def __init__(self, wire: Wire, credential: str):
        self.wire, self.credential = wire, credential
        self.socket: aiohttp.ClientWebSocketResponse | None = None

    async def open(self) -> None:
        """Raises ExchangeFailed where the system refuses the connection."""
        settings = self.wire.probe.connection
        assert settings is not None
        secrets = self.wire.secrets
        url = secrets.fill(self.wire.probe.address(settings.url), self.credential)
        self.wire.check_host(url)
        await self.wire.turn()
        try:
            self.socket = await self.wire.session.ws_connect(
                url, headers=secrets.fill_all(settings.headers, self.credential)
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ExchangeFailed(f"connection: {secrets.hide(str(error))}") from None

    async def click(self) -> Click:
        """Send a message and wait for any answer."""
        settings = self.wire.probe.connection
        assert settings is not None and self.socket is not None
        await self.wire.turn()
        sent_s = time.monotonic()
        outcome: Outcome = "no"
        if not self.socket.closed:
            try:
                await self.socket.send_str(settings.send)
                answer = await self.socket.receive(settings.timeout_s)
                answered = answer.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
                outcome = "yes" if answered else "no"
            except (aiohttp.ClientError, TimeoutError, OSError):
                outcome = "no"
        return Click(sent_s, time.monotonic(), outcome, CONNECTION)

    async def close(self) -> None:
        """Leave the connection."""
        if self.socket is not None:
            await self.socket.close()


Clicker = Session | Held


async def repeat(
    wire: Wire, planned: Planned, revoking: Callable[[], None], given_back: Callable[[], None]
) -> Record:
    """One repetition. `revoking` is called just before access is taken, `given_back` once it is returned.

    Whatever ends the repetition, what was taken away is given back first. Raises ExchangeFailed.
    """
    first = Session(wire, FIRST)
    accepted = await _until_accepted(first)
    record = Record(
        planned.number, planned.mode, time.time() - time.monotonic(), first.signed_in_s, [accepted]
    )
    clickers: list[Clicker] = [first]
    held = Held(wire, first.credential)
    try:
        if planned.mode == "second":
            second = Session(wire, SECOND)
            await second.sign_in()
            clickers.append(second)
        if planned.mode == "connection":
            await held.open()
            clickers = [held]
        await _before(record, planned, clickers)
        await _past_the_gate(wire, record)
        if record.clicks[-1].outcome != "no":
            await _revoke(wire, record, planned, clickers, first, revoking, given_back)
    finally:
        await held.close()
    record.ended_s = time.monotonic()
    return record


async def _until_accepted(session: Session) -> Click:
    """Sign in and click until it works: an account that was just given back may take a while."""
    end_s = time.monotonic() + session.wire.probe.run.back_within_s
    while True:
        try:
            await session.sign_in()
            click = await session.click()
            if click.outcome == "yes":
                return click
            failed = ExchangeFailed("try: refused right after the sign-in; is the request right?")
        except ExchangeFailed as error:
            failed = error
        if time.monotonic() > end_s:
            raise failed
        await asyncio.sleep(1.0)


async def _before(record: Record, planned: Planned, clickers: list[Clicker]) -> None:
    """Until the instant of the revocation: click at the pace, or not at all."""
    began_s = record.signed_in_s[1]
    at_s = began_s + planned.before_s
    missing = (planned.part_of_second - (at_s + record.wall_s)) % 1.0
    at_s += missing
    for clicker in clickers:
        if not (isinstance(clicker, Session) and clicker.who == FIRST):
            record.clicks.append(await clicker.click())
    turn = 0
    while planned.mode != "idle" and time.monotonic() < at_s - 0.05:
        record.clicks.append(await clickers[turn % len(clickers)].click())
        turn += 1
        if record.clicks[-1].outcome == "no" and record.clicks[-1].who != SECOND:
            return
    await asyncio.sleep(max(0.0, at_s - time.monotonic()))
    if (
        planned.mode == "idle" and planned.number % 2
    ):  # does an absence end it without a revocation?
        record.clicks.append(await clickers[0].click())


async def _past_the_gate(wire: Wire, record: Record) -> None:
    """Requests past the gate, where the file names one: what the gate itself costs."""
    if wire.probe.ungated is not None and record.mode == "busy":
        for _ in range(UNGATED):
            answer = await wire.send(wire.probe.ungated)
            if answer.status:
                record.ungated.append((answer.sent_s, answer.answered_s))


async def _revoke(
    wire: Wire,
    record: Record,
    planned: Planned,
    clickers: list[Clicker],
    first: Session,
    revoking: Callable[[], None],
    given_back: Callable[[], None],
) -> None:
    revoking()
    try:
        answer = await wire.do("revoke", wire.probe.revoke, first.credential)
        record.revoked_s = (answer.sent_s, answer.answered_s)
        await asyncio.sleep(planned.idle_s)
        await _watch(wire, record, clickers)
    finally:
        await _shielded(lambda: wire.do("give_back", wire.probe.give_back, first.credential))
        given_back()


async def _watch(wire: Wire, record: Record, clickers: list[Clicker]) -> None:
    """Click until every session has been refused for long enough, or the time to watch is over."""
    assert record.revoked_s is not None
    plan = wire.probe.run
    end_s = time.monotonic() + plan.watch_s
    last_yes_s, refused = time.monotonic(), 0
    turn = 0
    while (now_s := time.monotonic()) < end_s:
        if refused >= 2 * len(clickers) and now_s - last_yes_s >= plan.quiet_s:
            return
        click = await clickers[turn % len(clickers)].click()
        turn += 1
        record.clicks.append(click)
        if click.outcome == "yes":
            last_yes_s, refused = click.answered_s, 0
        elif click.outcome == "no":
            refused += 1


async def _shielded(do: Callable[[], Awaitable[object]]) -> None:
    """Do something that an interrupt must not stop; the interrupt goes on afterwards."""
    task = asyncio.ensure_future(do())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
