"""The content id of a scenario: two files have the same id if they describe the same study."""

import hashlib
import json
from pathlib import Path
from typing import Any

from sim.scenario.model import Scenario

# What stands beside the id in every result, or changes no result.
_LEFT_OUT = ("title", "question", "path", "format", "sources", "sweep", "goals")
_RUN_LEFT_OUT = ("seed", "replications", "precision", "max_replications")


def content_id(scenario: Scenario) -> str:
    """16 hexadecimal digits of the SHA-256 of what determines results, a log by its bytes."""
    content = {k: v for k, v in scenario.resolved().items() if k not in _LEFT_OUT}
    content["run"] = {k: v for k, v in content["run"].items() if k not in _RUN_LEFT_OUT}
    log = scenario.workload.log
    if log is not None:
        content["workload"]["log"] = _digest(log)
    for strategy in content["strategies"].values():
        strategy.pop("sentence"), strategy.pop("source")
    text = json.dumps(_plain(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return f"missing {path}"


def _plain(value: Any) -> Any:
    """Numbers as floats, so that 5 and 5.0 are the same."""
    if isinstance(value, dict):
        return {str(key): _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(float(value))
    return value
