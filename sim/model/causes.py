"""Kinds of request, and the causes that take access to them away: one record a cause."""

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal


class Kind(IntEnum):
    """What a request does. Only administrators send `ADMIN`."""

    READ = 0
    WRITE = 1
    ADMIN = 2


KINDS = tuple(kind.name.lower() for kind in Kind)

Contact = Literal["account", "session", "permission", "admin"]


class Cause(IntEnum):
    """Why a person's access ends: the contact that revalidates it, the kinds of request it takes away.

    A page load and a check that ask for the contact see the cause. `noticed`: the person is told, at a drawn lead. `propagates`:
    the host learns of it only after the directory's delay. `told_today`: hosts send an event for it. `head` stands over a column,
    `event` in a sentence.
    """

    seen_through: Contact
    takes: tuple[Kind, ...]
    propagates: bool
    noticed: bool
    told_today: bool
    head: str
    event: str

    DEACTIVATION = "account", tuple(Kind), True, True, True, "deactivation", "a deactivation"
    PERMISSION_LOSS = (
        *("permission", tuple(Kind), False, True, False),
        *("permission lost", "a lost permission"),
    )
    LOGOUT = "session", tuple(Kind), False, False, False, "logout", "a logout"
    ADMIN_LOSS = "admin", (Kind.ADMIN,), False, True, False, "admin lost", "lost administration"

    def __new__(
        cls,
        seen_through: Any = None,
        takes: Any = (),
        propagates: bool = False,
        noticed: bool = True,
        told_today: bool = False,
        head: str = "",
        event: str = "",
    ) -> "Cause":
        """Number them in the order in which they stand."""
        cause = int.__new__(cls, len(cls.__members__))
        cause._value_ = len(cls.__members__)
        cause.seen_through, cause.takes = seen_through, takes
        cause.propagates, cause.noticed, cause.told_today = propagates, noticed, told_today
        cause.head, cause.event = head, event
        return cause

    @property
    def administrators_only(self) -> bool:
        """Whether it takes away nothing that others have."""
        return self.takes == (Kind.ADMIN,)


CAUSES = tuple(cause.name.lower() for cause in Cause)
CAUSE_HEADS = {cause.name.lower(): cause.head for cause in Cause}
CAUSE_EVENTS = {cause.name.lower(): cause.event for cause in Cause}
TOLD_TODAY = frozenset(cause.name.lower() for cause in Cause if cause.told_today)
if TYPE_CHECKING:
    CauseName = str
else:
    CauseName = Literal[CAUSES]

# What a contact must revalidate in order to see a cause.
SEEN_THROUGH: dict[Cause, Contact] = {cause: cause.seen_through for cause in Cause}


def lost_kinds(cause: Cause, administrator: bool = True) -> tuple[Kind, ...]:
    """The kinds of request that a cause takes from a person."""
    return tuple(
        kind
        for kind in cause.takes
        if administrator or kind is not Kind.ADMIN or cause.administrators_only
    )
