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
    the host learns of it only after the directory's delay. `ends_visit`: the person's own act, which ends his visit.
    """

    seen_through: Contact
    takes: tuple[Kind, ...]
    propagates: bool
    noticed: bool

    DEACTIVATION = "account", tuple(Kind), True, True
    PERMISSION_LOSS = "permission", tuple(Kind), False, True
    LOGOUT = "session", tuple(Kind), False, False
    ADMIN_LOSS = "admin", (Kind.ADMIN,), False, True

    def __new__(
        cls,
        seen_through: Any = None,
        takes: Any = (),
        propagates: bool = False,
        noticed: bool = True,
    ) -> "Cause":
        """Number them in the order in which they stand."""
        cause = int.__new__(cls, len(cls.__members__))
        cause._value_ = len(cls.__members__)
        cause.seen_through, cause.takes = seen_through, takes
        cause.propagates, cause.noticed = propagates, noticed
        return cause

    @property
    def administrators_only(self) -> bool:
        """Whether it takes away nothing that others have."""
        return self.takes == (Kind.ADMIN,)


CAUSES = tuple(cause.name.lower() for cause in Cause)
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
