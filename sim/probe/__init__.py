"""How long is the window of a running system? Measured from outside: sign in, click, revoke, watch, give back.

`settings` reads what to do, `exchange` does one exchange, `repetition` one revocation, `run` all of them into a
`journal`; `windows` reads the journal, `rules` and `explain` find the gate that fits it, `words` say it.
"""

from importlib.util import find_spec


class MissingExtra(RuntimeError):
    """What the probe needs is not installed."""


def require_extra() -> None:
    """Raise MissingExtra, which names the command to run, where the extra `[probe]` is not installed."""
    if find_spec("aiohttp") is None:
        raise MissingExtra('the probe needs aiohttp: pip install "lastclick[probe]"')
