"""What can happen, and how it is said: decisions, reasons, and the events of the trace (docs/trace.md).

A word of a record stands here once; engines work with its number, people read its name.
"""

from enum import IntEnum, auto

from sim.model.causes import CAUSES, Cause


class Word(IntEnum):
    """Numbered from 0; the word is the name in small letters, and nothing at all for `NOTHING`."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last: list[int]) -> int:
        return count

    @property
    def word(self) -> str:
        """As records and traces write it."""
        return "" if self.name == "NOTHING" else self.name.lower()


class Decision(Word):
    """What becomes of a request; `FAILED` is no one's refusal."""

    NOTHING = auto()
    ACCEPTED = auto()
    REFUSED = auto()
    FAILED = auto()


class Reason(Word):
    """Why an answer is what it is. Causes are reasons too, with numbers from `BY_CAUSE` on."""

    NOTHING = auto()
    OK = auto()
    REFUSED = auto()  # by an issuer: a page or a token is not granted
    HOST_DOWN = auto()
    RATE_LIMITED = auto()
    TIMEOUT = auto()
    TOKEN_EXPIRED = auto()
    NOT_ADMINISTRATOR = auto()
    NAMED_BY_EVENT = auto()
    NO_ENTRY = auto()
    CACHED_DENIAL = auto()
    HOST_SAYS_NO = auto()
    NOT_YET_VALID = auto()
    CLOSE = auto()
    LEAVE_OPEN = auto()


class Ended(IntEnum):
    """What ended a person's access: the last that let a request pass until the end of the window. Channels are numbered from `CHANNEL` on."""

    words: str

    NOTHING = "goes on"
    NOT_OPEN = "nothing was open"  # the host would have granted a page, and did no more
    TOKEN = "token expiry"
    ENTRY = "list entry expiry"
    CHECK = "check"
    PAGE = "page closed"
    SPENT = "uses spent"
    CONNECTION = "connection closed"
    CHANNEL = ""

    def __new__(cls, words: str = "") -> "Ended":
        """Number them in the order in which they stand."""
        ended = int.__new__(cls, len(cls.__members__))
        ended._value_ = len(cls.__members__)
        ended.words = words
        return ended


BY_CAUSE = len(Reason)
LOGGED_OUT = BY_CAUSE + Cause.LOGOUT
REASONS = (*(reason.word for reason in Reason), *CAUSES)


class Event(Word):
    """A row of the trace."""

    HOST_DOWN = auto()
    HOST_UP = auto()
    PUSH_DOWN = auto()
    PUSH_UP = auto()
    REVOKED = auto()
    HOST_LEARNS = auto()
    NOTICE = auto()
    TAKEN_OVER = auto()
    PAGE_ASKED = auto()
    PAGE_DECIDED = auto()
    PAGE_SEEN = auto()
    VISIT_ENDED = auto()
    CLICK = auto()
    RENEWAL_ASKED = auto()
    RENEWAL_DECIDED = auto()
    RENEWAL_SEEN = auto()
    REQUEST_SENT = auto()
    REQUEST_ARRIVED = auto()
    VERIFIED = auto()
    LOOKED_UP = auto()
    CHECK_SENT = auto()
    CHECK_DECIDED = auto()
    CHECK_ANSWERED = auto()
    DECIDED = auto()
    ANSWERED = auto()
    PUSH_SENT = auto()
    PUSH_LOST = auto()
    PUSH_ARRIVED = auto()
    POLL = auto()
    CONNECTED = auto()
    RECHECK = auto()
    DISCONNECTED = auto()
    DECIDER_DOWN = auto()
    DECIDER_UP = auto()


class Call(Word):
    """What the host is asked for."""

    PAGE_LOAD = auto()
    RENEWAL = auto()
    CHECK = auto()
    RECHECK = auto()


class Behaviour(Word):
    """What people do after the notice."""

    LEAVE = auto()
    CONTINUE = auto()
    STORM = auto()
    CUT_OFF = auto()


EVENTS = tuple(event.word for event in Event)
CALLS = tuple(call.word for call in Call)
BEHAVIOURS = tuple(behaviour.word for behaviour in Behaviour)
DECISIONS = tuple(decision.word for decision in Decision)
