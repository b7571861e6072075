"""The scenario as people hold it: the model's, with the questions that can be asked of it as methods."""

import html
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict

from sim import scenario as room
from sim.face import questions
from sim.face.display import preformatted


class _Questions:
    """The questions as methods."""

    compare = questions.compare
    recommend = questions.recommend
    sensitivity = questions.sensitivity
    sweep = questions.sweep
    trace = questions.trace


class Scenario(_Questions, room.Scenario):
    """Everything that one study needs, frozen: the tables of the file format as attributes, in seconds.

    Made by `sim.load`. Equal to another with the same content, whichever class holds it.
    """

    model_config = ConfigDict(defer_build=True)  # it is made from one that was validated

    @classmethod
    def of(cls, scenario: room.Scenario) -> Self:
        """The same scenario, with the methods."""
        made = cls.__new__(cls)
        made.__setstate__(copy(scenario).__getstate__())
        return made

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """The scenario with some values replaced: {"organisation.people": 100, "host.check.median": "10ms"}.

        Raises ScenarioError for a path that does not exist or a value that does not fit.
        """
        return self.of(room.with_changes(self, dict(changes)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, room.Scenario):
            return NotImplemented
        return super().__eq__(self.of(other))

    __hash__ = None  # type: ignore[assignment]  # it holds tables, which have none

    def _repr_html_(self) -> str:
        title, question, *rest = room.resolved_text(self).split("\n")
        return (
            f"<h4>{html.escape(title)}</h4><p>{html.escape(question)}</p>"
            f"{preformatted(chr(10).join(rest))}"
        )


def load(name_or_path: str | Path) -> Scenario:
    """A scenario from the name of a shipped one or from a file.

    Raises ScenarioError, which lists every problem found, with file, line and the nearest valid name.
    """
    return Scenario.of(room.load(name_or_path))
