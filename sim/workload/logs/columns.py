"""Which column of a log holds which field: as the options say, else by the names and by what stands in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.basics.names import meant
from sim.workload.logs.fields import FIELDS, normal
from sim.workload.logs.form import Named, Part
from sim.workload.logs.options import FitOptions
from sim.workload.logs.problems import LogError, printable
from sim.workload.logs.texts import NOTHING

_DATES = ("date", "day", "logdate", "requestdate")
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d(:\d\d([.,]\d+)?)?")
_ADDRESS = re.compile(
    r"\[?(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*)\]?(:\d+)?"
)


@dataclass
class Chosen:
    """The columns of one file. A field is settled once a column of its candidates has a value."""

    source: str
    reader: Named
    options: FitOptions
    settled: dict[str, str] = field(default_factory=dict)
    date: str | None = None  # a column with the day, where the time has none
    _empty: dict[str, str] = field(default_factory=dict)
    _looked: bool = False  # whether the time was looked at for a day

    def __post_init__(self) -> None:
        names = self.reader.names
        for name, column in self.options.columns.items():
            if column not in names:
                hint = meant(column, names)
                raise LogError(
                    f'{self.source}: no column "{column}" for {name}{hint} {listed(names)}'
                )
        self.settled.update(self.options.columns)

    def wanted(self) -> set[str]:
        """The columns to be read."""
        taken = set(self.settled.values()) | ({self.date} if self.date else set())
        if "ts" not in self.settled:
            taken |= {name for name in self.reader.names if normal(name) in _DATES}
        for names in self._open().values():
            taken |= set(names)
        return taken

    def _open(self) -> Mapping[str, list[str]]:
        """Fields whose column is not settled, and what may hold them."""
        unused = {"agent"} if not any(e.by == "agent" for e in self.options.exclude) else set()
        taken = set(self.options.columns.values())
        return {
            name: [column for column in columns if column not in taken]
            for name, columns in self.reader.candidates().items()
            if name not in self.settled and name not in unused
        }

    def settle(self, part: Part) -> None:
        """Decide on columns by what stands in them. Raises LogError where there is no time."""
        timeless = "ts" not in self.settled
        for name, columns in self._open().items():
            for column in columns:
                values = _some(part.columns.get(column))
                if name == "client" and values and all(map(_ADDRESS.fullmatch, values)):
                    continue  # a network address, which is no part of a person
                self._empty.setdefault(name, column)
                if values:
                    self.settled[name] = column
                    break
        if "ts" in self.settled and (timeless or not self._looked):
            self._looked = True
            self._join_date(part)
        if "ts" not in self.settled and "ts" not in self._empty:
            raise LogError(f"{self.source}: no column with a time. {self._way_out('ts')}")

    def _join_date(self, part: Part) -> None:
        values = _some(part.columns.get(self.settled["ts"]))
        if values and all(_TIME_OF_DAY.fullmatch(value.strip()) for value in values):
            dates = [name for name in self.reader.names if normal(name) in _DATES]
            self.date = next((name for name in dates if name != self.settled["ts"]), None)

    @property
    def columns(self) -> dict[str, str]:
        """Field -> column, of those that the log has."""
        return {**self._empty, **self.settled}

    def require_excluded(self) -> None:
        """Raise LogError where rows are to be left out by what the log does not have."""
        told = self.columns.keys() | ({"path"} if "request" in self.columns else set())
        for rule in self.options.exclude:
            if rule.by not in told:
                raise LogError(
                    f"{self.source}: --exclude {rule.by}={rule.pattern}: the log has no {FIELDS[rule.by]}."
                    f" The form is {self.reader.name}. {listed(self.reader.names)}"
                )

    def require_person(self) -> None:
        """Raise LogError where no column can hold a person."""
        if not {"user", "session"} & self.columns.keys():
            raise LogError(f"{self.source}: no column with a person. {self._way_out('user')}")

    def _way_out(self, name: str) -> str:
        return (
            f"The form is {self.reader.name}. {listed(self.reader.names)} Say which it is by `--column {name}=NAME`"
            f" (in a scenario: log_options = {{ columns = {{ {name} = ... }} }})"
        )


def listed(names: list[str]) -> str:
    """The names of columns, for an error."""
    shown = ", ".join(printable(name, 40) for name in names[:30])
    return f"The log has: {shown}{', ...' if len(names) > 30 else ''}."


def _some(column: Any, most: int = 1000) -> list[str]:
    """Some values of a column that say something."""
    if column is None:
        return []
    values = column[:most].drop_null().to_pylist()
    found = [value for value in values if value.strip() not in NOTHING]
    if found or len(column) <= most:
        return found
    return [value for value in column.drop_null().unique().to_pylist() if value not in NOTHING][:1]
