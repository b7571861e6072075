"""Times as logs write them: epochs, ISO 8601, the Common Log Format's."""

from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_CLF = "%d/%b/%Y:%H:%M:%S %z"
_HAS_ZONE = r":\d\d(?:[.,]\d+)?\s*(?:Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$"
# An epoch is in the unit that puts it before the year 5138: 1e11 s, 1e11 ms = 1973, and so on.
_UNITS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (np.inf, 1e-3))
_YEAR_10000_US = 253_402_300_800_000_000


def parse_times(texts: "pd.Series[str]", naive_zone: tzinfo) -> "pd.Series[Any]":
    """Times (datetime64[us, UTC]; NaT where there is none) of texts; naive ones are of `naive_zone`."""
    import pandas as pd

    codes, uniques = pd.factorize(texts)  # many requests share a tick of the clock
    written = pd.Series(uniques, dtype="string[pyarrow]").str.strip(" []")
    times_us = _epochs_us(written)
    for parse in (_clf_us, lambda left: _iso_us(left, naive_zone)):
        left = np.isnan(times_us)
        if left.any():
            times_us[left] = parse(written[left])
    # a time before 1970 is a clock that was not set
    times_us[~((times_us > 0) & (times_us < _YEAR_10000_US))] = np.nan
    times_us = np.append(times_us, np.nan)[codes]  # the code of a missing text is -1
    known = ~np.isnan(times_us)
    whole = np.where(known, times_us, 0).round().astype("int64").view("datetime64[us]")
    return pd.Series(whole, index=texts.index).dt.tz_localize("UTC").where(known)


def _epochs_us(texts: "pd.Series[str]") -> Any:
    import pandas as pd

    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    sane = np.abs(numbers[np.isfinite(numbers) & (numbers > 0)])
    # one unit for all: the one that suits most
    typical = np.median(sane) if len(sane) else 0.0
    return numbers * next(factor for limit, factor in _UNITS if typical < limit)


def _clf_us(texts: "pd.Series[str]") -> Any:
    import pandas as pd

    return _us(pd.to_datetime(texts, format=_CLF, utc=True, errors="coerce"))


def _iso_us(texts: "pd.Series[str]", naive_zone: tzinfo) -> Any:
    import pandas as pd

    plain = texts.str.replace(r"\s*(UTC|GMT|z)$", "Z", regex=True).str.replace(",", ".")
    times = pd.to_datetime(plain, format="ISO8601", utc=True, errors="coerce")
    naive = ~plain.str.contains(_HAS_ZONE, regex=True).to_numpy(dtype=bool, na_value=False)
    clock = times.dt.tz_localize(None)
    # in the hour that comes twice the first is meant; the one that is left out is an hour later, as clocks then show it
    local = clock.dt.tz_localize(
        naive_zone, ambiguous=np.ones(len(clock), dtype=bool), nonexistent=pd.Timedelta(hours=1)
    )
    return np.where(naive, _us(local.dt.tz_convert("UTC")), _us(times))


def _us(times: Any) -> Any:
    since = times.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(since), np.nan, since.astype("int64").astype("float64"))
