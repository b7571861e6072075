"""Times as logs write them: epochs, ISO 8601, the Common Log Format's, e-mail's, or a format that is given.

A time is a number of microseconds since 1970 in UTC. One outside 1995 to the end of next year is no time.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.workload.logs.texts import blanked, codes_of, column_of, empty, places, spans, values_of

Micros = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]

SECOND_US, DAY_US = 1_000_000, 86_400_000_000
_QUARTER_US = 900 * SECOND_US  # offsets of zones change at quarters of an hour
_STEP_BACK_US = 120 * SECOND_US  # lines out of order go back less, clocks in autumn more
_FIRST_US = 788_918_400 * SECOND_US  # 1995
_UNITS = (1e6, 1e3, 1.0, 1e-3)  # microseconds in a second, a milli-, micro- and nanosecond

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# RFC 2822's names, and those of zones that have one meaning in practice; hours east of Greenwich.
_ZONES = {
    **{"Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7},
    **{"MDT": -6, "PST": -8, "PDT": -7, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2},
    **{"EEST": 3, "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}
_ZONE = r" ?(?P<z>[+-]\d\d(?::?\d\d)?|[A-Za-z]{1,4})?"
_CLOCK = r"(?P<H>\d{1,2}):(?P<M>\d\d)(?::(?P<S>\d\d)(?:[.,](?P<f>\d+))?)?(?: ?(?P<p>[AaPp][Mm]))?"
_SHAPES = (
    rf"(?P<d>\d{{1,2}})/(?P<b>[A-Za-z]{{3}})/(?P<y>\d{{4}})[: ]{_CLOCK}{_ZONE}",
    rf"(?P<y>\d{{4}})[-/](?P<mo>\d{{1,2}})[-/](?P<d>\d{{1,2}})(?:(?:[T _:]|, ?){_CLOCK})?{_ZONE}(?:\[[\w/]+\]?)?",
    r"(?P<y>\d{4})(?P<mo>\d\d)(?P<d>\d\d)(?:[T _-]?(?P<H>\d\d):?(?P<M>\d\d)"
    rf"(?::?(?P<S>\d\d)(?:[.,]?(?P<f>\d+))?)?)?{_ZONE}",
    rf"(?:[A-Za-z]{{3}}, *)?(?P<d>\d{{1,2}})[ -](?P<b>[A-Za-z]{{3}})[a-z]*[ -](?P<y>\d{{4}}),? {_CLOCK}{_ZONE}(?: \([A-Za-z ]+\))?",
    rf"(?:[A-Za-z]{{3}} +)?(?P<b>[A-Za-z]{{3}})[a-z]* +(?P<d>\d{{1,2}}) {_CLOCK}{_ZONE} (?P<y>\d{{4}})",
    rf"(?P<b>[A-Za-z]{{3}})[a-z]* +(?P<d>\d{{1,2}}), (?P<y>\d{{4}}),? {_CLOCK}{_ZONE}",
    rf"(?P<d>\d{{1,2}})\.(?P<mo>\d{{1,2}})\.(?P<y>\d{{4}})(?:,? +{_CLOCK})?{_ZONE}",
)
_DIRECTIVES = {
    **{"Y": r"(?P<y>\d{4})", "m": r"(?P<mo>\d{1,2})", "d": r" ?(?P<d>\d{1,2})"},
    **{"b": r"(?P<b>[A-Za-z]{3})", "B": r"(?P<b>[A-Za-z]{3})[a-z]*", "H": r" ?(?P<H>\d{1,2})"},
    **{"I": r"(?P<H>\d{1,2})", "M": r"(?P<M>\d{1,2})", "S": r"(?P<S>\d{1,2})", "f": r"(?P<f>\d+)"},
    **{"p": r"(?P<p>[AaPp][Mm])", "z": _ZONE.removeprefix(" ?"), "Z": _ZONE.removeprefix(" ?")},
    **{"a": "[A-Za-z]{3}", "A": "[A-Za-z]+", "y": r"(?P<yy>\d\d)", "%": "%"},
}
_DIRECTIVES["e"] = _DIRECTIVES["d"]
_DIRECTIVES["T"] = ":".join(_DIRECTIVES[key] for key in "HMS")
_DIRECTIVES["F"] = "-".join(_DIRECTIVES[key] for key in "Ymd")


def shape_of(time_format: str) -> str:
    """The pattern of a format as `strptime` takes it (`%d/%m/%Y %H:%M`). Raises ValueError."""
    try:
        shape = "".join(
            _DIRECTIVES[part[1:]] if part.startswith("%") else re.escape(part)
            for part in re.findall(r"%.?|[^%]+", time_format)
        )
        groups = re.compile(shape).groupindex
    except (KeyError, re.error):
        known = ", ".join(f"%{key}" for key in sorted(_DIRECTIVES))
        raise ValueError(f"no format of times; known are {known}, each once") from None
    if not {"d"} < set(groups) or not {"y", "yy"} & set(groups) or not {"mo", "b"} & set(groups):
        raise ValueError("a format of times needs year, month and day")
    return shape


@dataclass
class Clock:
    """Reads the times of one file, in their order.

    Naive times are of `zone`. An hour that comes twice in autumn is the first until the times go back within it, the
    second from there.
    """

    zone: tzinfo
    time_format: str | None = None
    _day: int = -1
    _last_us: int = 0
    _second: bool = False
    _offsets: dict[int, tuple[int, int]] = field(default_factory=dict)

    def read(self, texts: Any) -> tuple[Micros, Truth]:
        """Times of an Arrow column of texts, and which of them are times at all."""
        import pyarrow.compute as pc

        encoded = texts.dictionary_encode()  # many requests share a tick of the clock
        written = pc.utf8_trim(encoded.dictionary, " []\n\t")
        local_us, offset_us, known = _parsed(written, self.time_format)
        codes = codes_of(encoded)
        local, known = np.append(local_us, 0)[codes], np.append(known, False)[codes]
        offset = np.append(offset_us, 0.0)[codes]
        naive = known & np.isnan(offset)
        if naive.any():
            offset[naive] = self._offsets_us(local[naive])
        times = local - np.where(known, offset, 0).astype(np.int64)
        return times, known & (times >= _FIRST_US) & (times < _last_us())

    def _offsets_us(self, local: Micros) -> Any:
        """What local times are ahead of UTC, microseconds."""
        quarters, codes = np.unique(local // _QUARTER_US, return_inverse=True)
        both = np.array([self._of_quarter(int(q)) for q in quarters], dtype=np.int64)[codes]
        twice = both[:, 0] > both[:, 1]
        offset = both[:, 0].copy()
        if twice.any():
            offset[twice] = np.where(self._second_time(local[twice]), both[twice, 1], offset[twice])
        return offset

    def _of_quarter(self, quarter: int) -> tuple[int, int]:
        """The offset of a quarter of an hour, the first and the second time that it comes."""
        if quarter not in self._offsets:
            clock = datetime(1970, 1, 1) + timedelta(seconds=quarter * 900)
            both = (clock.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1))
            first, second = (
                round((offset or timedelta()).total_seconds() * 1e6) for offset in both
            )
            self._offsets[quarter] = first, second
        return self._offsets[quarter]

    def _second_time(self, local: Micros) -> Truth:
        """Which of these times, all within an hour that comes twice, are its second coming, by their order."""
        second = np.empty(len(local), dtype=bool)
        days = local // DAY_US
        for day in np.unique(days):
            here = days == day
            if day != self._day:
                self._day, self._last_us, self._second = int(day), 0, False
            times = local[here]
            back = np.diff(times, prepend=self._last_us) < -_STEP_BACK_US
            second[here] = self._second | np.logical_or.accumulate(back)
            self._second, self._last_us = bool(second[here][-1]), int(times[-1])
        return second


def _last_us() -> int:
    return int(datetime(datetime.now(UTC).year + 2, 1, 1, tzinfo=UTC).timestamp()) * SECOND_US


def _parsed(texts: Any, time_format: str | None) -> tuple[Micros, Any, Truth]:
    """Local microseconds, the offset (NaN where there is none), and whether it is a time, of each text."""
    local, offset = np.zeros(len(texts), dtype=np.int64), np.full(len(texts), np.nan)
    known = np.zeros(len(texts), dtype=bool)
    if time_format is None:
        known = _epochs(texts, local, offset)
        _common(texts, local, offset, known)
    shapes = _SHAPES if time_format is None else (shape_of(time_format),)
    for shape in shapes:
        left = np.flatnonzero(~known)
        if not len(left):
            break
        found, at_us, ahead_us = _in_shape(texts.take(places(left)), shape)
        known[left[found]] = True
        local[left[found]], offset[left[found]] = at_us, ahead_us
    return local, offset, known


def _epochs(texts: Any, local: Micros, offset: Any) -> Truth:
    """Seconds, milli-, micro- or nanoseconds since 1970, each told by its own size."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numeric = pc.match_substring_regex(texts, r"^\d{9,19}(?:\.\d{1,12})?$")
    at = np.flatnonzero(values_of(numeric))
    if not len(at):
        return np.zeros(len(texts), dtype=bool)
    values = values_of(texts.take(places(at)).cast(pa.float64()))
    known = np.zeros(len(texts), dtype=bool)
    for unit in _UNITS:
        fits = (values * unit >= _FIRST_US) & (values * unit < _last_us())
        local[at[fits]] = np.round(values[fits] * unit).astype(np.int64)
        offset[at[fits]] = 0.0
        known[at[fits]] = True
    return known


_COMMON = (
    "dd/bbb/yyyy:HH:MM:SS +zzzz"  # as nearly all logs of servers have it: no need of a pattern
)
_MONTH_NUMBERS = np.array([int.from_bytes(name.encode(), "big") for name in _MONTHS])


def _common(texts: Any, local: Micros, offset: Any, known: Truth) -> None:
    """The times of this layout, by the places of their digits."""
    begins, ends, data = spans(texts)
    at = np.flatnonzero(ends - begins == len(_COMMON))
    signs = data[begins[at][:, None] + np.arange(len(_COMMON))]
    digits = np.array([sign in "dyHMSz" for sign in _COMMON])
    fixed = np.array([sign in "/: " for sign in _COMMON])
    pattern = np.frombuffer(_COMMON.encode(), dtype=np.uint8)
    right = ((signs[:, digits] >= 48) & (signs[:, digits] <= 57)).all(axis=1)
    right &= (signs[:, fixed] == pattern[fixed]).all(axis=1) & np.isin(signs[:, 21], (43, 45))
    at, signs = at[right], signs[right].astype(np.int64)
    names = (signs[:, 3:6] | 32) @ (1 << np.array([16, 8, 0]))
    month = (names[:, None] == _MONTH_NUMBERS) @ np.arange(1, 13)  # 0 where it is none
    signs -= 48

    def number(begin: int, end: int) -> Micros:
        return np.asarray(signs[:, begin:end] @ 10 ** np.arange(end - begin - 1, -1, -1))

    ahead_s = (number(22, 24) * 60 + number(24, 26)) * 60
    clock = (number(12, 14), number(15, 17), number(18, 20))
    sane, micros = _micros(number(7, 11), month, number(0, 2), *clock)
    local[at[sane]] = micros[sane]
    offset[at[sane]] = (ahead_s * np.where(signs[:, 21] == 45 - 48, -1e6, 1e6))[sane]
    known[at[sane]] = True


def _micros(
    year: Micros, month: Micros, day: Micros, hour: Micros, minute: Micros, second: Micros
) -> tuple[Truth, Micros]:
    """Which of these are times at all, and their microseconds since 1970."""
    sane = (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second <= 60)
    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]")
    months = months + (np.where(sane, month, 1) - 1)
    days = months.astype("datetime64[D]") + (day - 1)
    sane &= days.astype("datetime64[M]") == months
    clock = ((hour * 60 + minute) * 60 + second) * SECOND_US
    return sane, days.astype(np.int64) * DAY_US + clock


def _in_shape(texts: Any, shape: str) -> tuple[Any, Micros, Any]:
    """Which texts have a shape, their local time and offset, microseconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    groups = pc.extract_regex(texts, f"^(?:{shape})$")
    at = np.flatnonzero(values_of(groups.is_valid()))
    if not len(at):
        return at, np.zeros(0, dtype=np.int64), np.zeros(0)
    groups = groups.take(places(at))
    names = {field.name for field in groups.type}

    def text(name: str) -> Any:
        return groups.field(name) if name in names else column_of([""] * len(at))

    def number(name: str, otherwise: int = 0) -> Micros:
        column = text(name)
        missing = empty(column)
        found = values_of(blanked(column, missing).cast(pa.int64()))
        return np.where(missing, otherwise, found)

    micros = pc.utf8_slice_codeunits(pc.utf8_rpad(text("f"), 6, "0"), 0, 6).cast(pa.int64())
    year = number("y") if "y" in names else 2000 + number("yy")
    month = number("mo") if "mo" in names else _by_name(text("b"))
    hour = _of_day(number("H"), text("p"))
    minute, second, day = number("M"), number("S"), number("d")
    ahead, zone_known = _ahead_us(text("z"))
    sane, local = _micros(year, month, day, hour, minute, second)
    sane, local = sane & zone_known, local + values_of(micros)
    return at[sane], local[sane], ahead[sane]


def _by_name(texts: Any) -> Micros:
    import pyarrow.compute as pc

    found = pc.index_in(pc.utf8_lower(texts), value_set=column_of(_MONTHS))
    known = values_of(found.is_valid())
    return np.where(known, values_of(found).astype(np.int64) + 1, 0)


def _of_day(hour: Micros, halves: Any) -> Micros:
    """Hours of 24, from those of a clock with twelve where it says which half of the day it is."""
    import pyarrow.compute as pc

    half = np.array(pc.utf8_lower(halves).to_pylist(), dtype=object)
    if not (half != "").any():
        return hour
    return np.where(half == "", hour, hour % 12 + 12 * (half == "pm"))


def _ahead_us(zones: Any) -> tuple[Any, Truth]:
    """How far zones are ahead of UTC (NaN for none), and which of them are known."""
    encoded = zones.dictionary_encode()
    hours = [_hours(text) for text in encoded.dictionary.to_pylist()]
    ahead = np.array([np.nan if h is None else h for h in hours]) * 3600.0 * SECOND_US
    known = np.array([h is None or np.isfinite(h) for h in hours])
    codes = values_of(encoded.indices)
    return np.where(np.isinf(ahead), np.nan, ahead)[codes], known[codes]


def _hours(zone: str) -> float | None:
    """Hours of a zone ahead of UTC; None where none is written, infinite where it is not known."""
    if not zone:
        return None
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        return (int(digits[:2]) + int(digits[2:] or 0) / 60) * (-1 if zone[0] == "-" else 1)
    return float(_ZONES.get(zone.upper(), np.inf))
