"""The live testbed: real tokens, real stores, real HTTP on loopback, measured beside the model.

`run.py` puts it together: `servers.py` starts a stand-in host, a reference app and a store; `people.py` replays the
scenario's people against them under compressed time (`compress.py`); `record.py` holds what was measured and
`compare.py` puts it beside the prediction. Needs the extra: pip install lastclick[testbed].
"""

from importlib.util import find_spec

_MODULES = ("aiohttp", "cryptography", "hdrh", "jwt", "redis", "starlette", "uvicorn", "httptools")


class MissingExtra(RuntimeError):
    """The libraries of the extra `[testbed]` are not installed."""


def require_extra() -> None:
    """Raises MissingExtra, which says what to install."""
    missing = [name for name in _MODULES if find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"the testbed needs {', '.join(missing)}; install with: pip install lastclick[testbed]"
        )
