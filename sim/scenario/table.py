"""What every table of the format is."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of the file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)


def none(value: Any) -> Any:
    """The word for what is not there."""
    return None if value == "none" else value
