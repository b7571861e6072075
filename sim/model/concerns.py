"""Which swept paths can change a strategy's figures: a path that concerns it not is not crossed with it."""

from collections.abc import Callable, Iterable

from sim.model.strategies import Strategy

Uses = Callable[[Strategy], bool]


def _checks(strategy: Strategy) -> bool:
    return strategy.check is not None


def _token_asks(whom: str) -> Uses:
    return lambda strategy: strategy.token is not None and strategy.token.asks == whom


# What only some mechanisms use: the path, the mechanism, and whether a strategy uses it. All else concerns every strategy.
_USED: tuple[tuple[str, str, Uses], ...] = (
    ("host.check", "check", _checks),
    ("deciders", "check", _checks),
    ("network.app_host", "check", _checks),
    ("host.renewal", "token", _token_asks("host")),
    ("auth_server", "token", _token_asks("app")),
    ("store", "allowlist", lambda strategy: strategy.allowlist is not None),
    ("push", "push", lambda strategy: strategy.push is not None),
)


def concerns(path: str, strategy: Strategy, swept: Iterable[str]) -> bool:
    """Whether a path, swept beside others, can change what a strategy does.

    A path below `strategies` concerns the strategy that it names. Where the sweep gives a strategy other mechanisms,
    or a strategy is written in Python, whatever those might use concerns it.
    """
    if path.startswith("strategies."):
        return path.split(".")[1] == strategy.name
    if type(strategy) is not Strategy:
        return True
    for used, mechanism, uses in _USED:
        if _below(path, used):
            return uses(strategy) or any(_changes(one, strategy, mechanism) for one in swept)
    return True


def _below(path: str, above: str) -> bool:
    return path == above or path.startswith(above + ".")


def _changes(path: str, strategy: Strategy, mechanism: str) -> bool:
    """Whether a path gives the strategy another mechanism (a lifetime or a time-out leaves it what it is)."""
    own = f"strategies.{strategy.name}"
    return path in (own, f"{own}.{mechanism}", f"{own}.token.renewal")
