"""The scenario file: read, merged, validated, identified, shown."""

from sim.scenario.errors import Problem, ScenarioError
from sim.scenario.files import load, shipped, with_changes
from sim.scenario.model import Scenario
from sim.scenario.schema import schema
from sim.scenario.show import resolved_text

__all__ = [
    "Problem",
    "Scenario",
    "ScenarioError",
    "load",
    "resolved_text",
    "schema",
    "shipped",
    "with_changes",
]
