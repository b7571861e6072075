"""The oracle: the model as SimPy processes, written to be read, a text of its own beside the engine's steps.

`person.py` holds what people and their clients do, `app.py` the gates, `host.py` and `push.py` the other parties,
`exposure.py` the window. It speaks a declared vocabulary (`vocabulary.py`) and refuses what uses other words. Nothing of it
is shared with the compiled runner but what lies below both: draws, cases, the record.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.engine.recording import Run


def run(*given: Any, **options: Any) -> "Run":
    """Simulate one replication of a scenario under one strategy (see `sim.engine.run`)."""
    from sim.oracle.replication import run as simulate

    return simulate(*given, **options)
