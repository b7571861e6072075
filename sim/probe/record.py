"""What one repetition saw: plain numbers that a journal keeps and every analysis reads."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

Mode = Literal["busy", "idle", "second", "connection"]
MODES: tuple[Mode, ...] = ("busy", "idle", "second", "connection")
Outcome = Literal["yes", "no", "none"]
FIRST, SECOND, CONNECTION = range(
    3
)  # who clicked: the session revoked, another of the same person, the held connection


class Click(NamedTuple):
    """A request and its outcome; it met the gate between `sent_s` and `answered_s`. "none": neither yes nor no."""

    sent_s: float
    answered_s: float
    outcome: Outcome
    who: int = FIRST


@dataclass
class Record:
    """One repetition. Times are seconds of the run's monotonic clock; adding `wall_s` makes them those of the wall clock."""

    number: int
    mode: Mode
    wall_s: float
    signed_in_s: tuple[float, float]
    clicks: list[Click] = field(default_factory=list)
    revoked_s: tuple[float, float] | None = None
    ended_s: float = 0.0
    ungated: list[tuple[float, float]] = field(default_factory=list)

    def of(self, who: int) -> list[Click]:
        """The clicks of one session or connection that had an answer."""
        return [click for click in self.clicks if click.who == who and click.outcome != "none"]

    def as_json(self) -> dict[str, Any]:
        """For a line of the journal."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Record":
        """From a line of the journal. Raises KeyError, TypeError or ValueError for other content."""
        clicks = [Click(float(s), float(a), o, int(w)) for s, a, o, w in content["clicks"]]
        if content["mode"] not in MODES:
            raise ValueError(f"mode {content['mode']!r}")
        revoked = content["revoked_s"]
        sent_s, answered_s = map(float, content["signed_in_s"])
        return cls(
            int(content["number"]),
            content["mode"],
            float(content["wall_s"]),
            (sent_s, answered_s),
            clicks,
            None if revoked is None else (float(revoked[0]), float(revoked[1])),
            float(content["ended_s"]),
            [(float(s), float(a)) for s, a in content["ungated"]],
        )
