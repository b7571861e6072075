"""The scenario file: read, merged, validated, identified, shown."""

from sim.scenario.errors import Problem, ScenarioError
from sim.scenario.files import load, shipped, with_changes
from sim.scenario.model import Scenario
from sim.scenario.show import new_scenario_text, resolved_text, schema

__all__ = [
    "Problem",
    "Scenario",
    "ScenarioError",
    "load",
    "new_scenario_text",
    "resolved_text",
    "schema",
    "shipped",
    "with_changes",
]
