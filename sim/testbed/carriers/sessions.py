"""Server sessions in a Redis: its own expiry ends them, an accepted request moves it, never past the cap."""

from typing import Any

_TOUCH = """
local cap = redis.call('GET', KEYS[1])
if not cap then return 0 end
local now = redis.call('TIME')
local ends = now[1] * 1000 + math.floor(now[2] / 1000) + tonumber(ARGV[1])
redis.call('PEXPIREAT', KEYS[1], math.min(ends, tonumber(cap)))
return 1
"""


class Sessions:
    """One session a device; `idle_s` from each accepted request, `cap_s` from the page load that wrote it last."""

    def __init__(self, url: str, *, idle_s: float, cap_s: float):
        from redis import asyncio as redis

        self._redis: Any = redis.from_url(url, decode_responses=True)
        self._idle_ms, self._cap_ms = round(1000 * idle_s), round(1000 * cap_s)
        self._touch = self._redis.register_script(_TOUCH)

    async def write(self, device: str) -> None:
        """A page load."""
        seconds, micros = await self._redis.time()
        now_ms = 1000 * int(seconds) + int(micros) // 1000
        ends_ms = now_ms + min(self._idle_ms, self._cap_ms)
        await self._redis.set(f"session:{device}", now_ms + self._cap_ms, pxat=ends_ms)

    async def accepts(self, device: str) -> bool:
        """A request: whether there is a session, which it prolongs."""
        return bool(await self._touch(keys=[f"session:{device}"], args=[self._idle_ms]))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._redis.aclose()
