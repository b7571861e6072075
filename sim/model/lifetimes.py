"""The lifetimes of a strategy, and the one that ends its window first."""

from sim.model.strategies import Strategy


def lifetimes(strategy: Strategy) -> dict[str, float]:
    """The lifetimes of a strategy in s by setting; random ones are left as they are."""
    found: dict[str, float] = {}
    for name, law in (
        ("token.lifetime", strategy.token and strategy.token.lifetime),
        ("allowlist.lifetime", strategy.allowlist and strategy.allowlist.lifetime),
    ):
        if law and law.support()[0] == law.support()[1]:
            found[name] = law.support()[0]
    for number, check in enumerate(strategy.checks):
        if check.allow_for_s > 0:
            found[f"{strategy.path_of_check(number)}.allow_for"] = check.allow_for_s
    return found


def search_variable_of(strategy: Strategy) -> str | None:
    """The lifetime to search: the shortest, since it ends the window first; the others stay."""
    return min((found := lifetimes(strategy)), key=lambda name: found[name], default=None)
