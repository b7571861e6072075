"""What the results themselves say about their soundness."""

from dataclasses import dataclass

import numpy as np

from sim.results.study import Study


@dataclass(frozen=True)
class Check:
    """A law that the results must keep, how often it was tried, and how often it failed."""

    law: str
    tried: int
    failed: int


def checks(study: Study) -> list[Check]:
    """Laws of model section 7, tried on every case of the study (a microsecond is allowed for rounding)."""
    cases = study.cases
    n, slack_s = len(cases), 1e-6
    if not n:
        return []
    exposure, last, bound = (
        cases[c].to_numpy(dtype=np.float64) for c in ("exposure_s", "last_click_s", "bound_s")
    )
    persons = cases.groupby(["replication", "person"])
    once = persons["revoked_at_s"].nunique()
    clicks = (
        cases["unauthorised_reads"] + cases["unauthorised_writes"] + cases["unauthorised_admin"]
    )
    return [
        Check("0 ≤ last click ≤ exposure window", n, int(((last < 0) | (last > exposure + slack_s)).sum())),
        Check("exposure window ≤ bound of the settings", n, int((exposure > bound + slack_s).sum())),
        Check("a last click exactly where a click got through", n, int(((last > 0) != (clicks.to_numpy() > 0)).sum())),
        Check("the same person is revoked at the same instant under every strategy", len(once), int((once > 1).sum())),
    ]  # fmt: skip
