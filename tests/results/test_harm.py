"""Harm by what can be made good, the price by kind, and orders of notice and cutting, held to counts of the cases."""

import numpy as np
import pytest

from sim.basics.wording import number_text
from sim.model.causes import CAUSES
from sim.model.strategies import CATALOGUE
from sim.plot.harm import parts_of, rollback_against_egress
from sim.results.experiment import compare
from sim.results.harm import kinds_table, means_by_kind, price_finding, repair_table
from sim.results.metrics import pooled_mean
from sim.results.orders import ORDERS, TOLD, Harm, orders, orders_finding, orders_rows
from sim.results.study import study_of
from sim.scenario import load, with_changes

WORLD = {
    "organisation.people": 40,
    "organisation.admins": 0.3,
    "organisation.visits": {"dist": "exponential", "mean": "10min"},
    "run.horizon": "2h",
    "run.drain": "1h",
    "cases.from": "30min",
    "cases.until": "100min",
    **{f"cases.{cause}": {"share": 0.25} for cause in CAUSES},
    "behaviour.probabilities": {"leave": 0, "continue": 1, "storm": 0, "cut_off": 0},
}
NAMES = ("short_token", "no_check", "per_request")


def test_what_a_rollback_repairs_is_counted_beside_what_nothing_brings_back() -> None:
    found = compare(
        with_changes(load("office"), WORLD), [CATALOGUE[n] for n in NAMES], replications=3
    )
    _, rows = repair_table(found, NAMES)
    study = study_of(found)
    for name, row in zip(NAMES, rows, strict=True):
        cases = np.concatenate([run.cases.view(np.ndarray) for run in found.runs[name]])
        means = [cases[c].mean() for c in ("unauthorised_writes", "recoverable_writes", "unauthorised_admin", "unauthorised_reads")]  # fmt: skip
        assert row[0] == name
        for cell, mean in zip(row[1:5], means, strict=True):
            assert float(cell.split(" ")[0]) == pytest.approx(mean, rel=0.02, abs=0.006)
        parts = parts_of(study, name)
        assert parts["recoverable_writes"].value + parts["beyond"].value == pytest.approx(
            means[0] + means[2]
        )
        assert parts["unauthorised_reads"].value == pytest.approx(means[3])
    picture = rollback_against_egress(study)
    persons = sum(len(run.cases) for run in found.runs["short_token"])
    assert f"{persons} persons, 3 runs" in picture.axes[0].get_xlabel()
    widths = [bar.get_width() for bar in picture.axes[0].patches]  # type: ignore[attr-defined]
    assert max(widths) == pytest.approx(
        max(parts_of(study, n)["unauthorised_reads"].value for n in NAMES)
    )


def test_the_price_by_kind_is_the_mean_of_its_histograms() -> None:
    found = compare(
        with_changes(load("office"), WORLD), [CATALOGUE["per_request_admin"]], replications=3
    )
    (row,) = kinds_table(found, ["per_request_admin"])[1]
    admin_s = float(np.mean([run.response[2].mean() for run in found.runs["per_request_admin"]]))
    read_s = float(np.mean([run.response[0].mean() for run in found.runs["per_request_admin"]]))
    assert float(row[3].split(" ")[0]) == pytest.approx(1e3 * admin_s, rel=0.03)
    assert admin_s > 2 * read_s  # what the mean of all hides
    said = price_finding(["per_request_admin"], means_by_kind(found))
    assert said.startswith("Under per_request_admin admin clicks take")
    assert (
        price_finding(
            ["short_token"],
            means_by_kind(
                compare(
                    with_changes(load("office"), WORLD), [CATALOGUE["short_token"]], replications=3
                )
            ),
        )
        == ""
    )


def test_orders_of_notice_and_cutting_stand_beside_the_strategies() -> None:
    scenario = with_changes(load("office"), WORLD)
    chosen = [CATALOGUE[n] for n in ("short_token", "no_check")]
    found = {(h.order, h.strategy): h for h in orders(scenario, chosen, replications=3)}
    assert set(found) == {(order, s.name) for order in ORDERS for s in chosen}

    def total(pair: object) -> float:
        return sum(e.value for e in pair)  # type: ignore[attr-defined]

    early, at, late, cut = (found[order, "no_check"] for order in ORDERS)
    assert total(early.forewarned) > 0 == total(at.forewarned) == total(late.forewarned)
    assert total(cut.after) == total(cut.forewarned) == 0  # nothing leaves after the cut
    assert total(late.unaware) > 0 == total(at.unaware)
    # a late notice: what is left where everybody stops at it, and the rest, add up to what gets through
    whole = compare(
        with_changes(scenario, ORDERS["told 10 min after the cut"]), chosen, replications=3
    )
    for i, kind in enumerate(("reads", "writes")):
        every = pooled_mean(whole.runs["no_check"], f"unauthorised_{kind}", TOLD).value
        assert late.unaware[i].value + late.after[i].value == pytest.approx(every)
    # within 10 min of unaware clicks a token of 5 min ends
    assert total(found["told 10 min after the cut", "short_token"].after) == 0
    head, rows = orders_rows(list(found.values()))
    assert len(rows) == len(found)
    assert {len(row) for row in rows} == {len(head)}
    said = orders_finding(list(found.values()))
    worst = max(found.values(), key=lambda h: total(h.forewarned) - total(h.after))
    assert f"under {worst.strategy}: {worst.forewarned[0].value:.3g} reads" in said


def test_where_nobody_acts_early_that_is_said() -> None:
    from sim.basics.statistics import Estimate

    nothing = (Estimate(0.0, None, None, 0),) * 2
    assert orders_finding([Harm("told at the cut", "x", nothing, nothing, nothing)]).startswith(
        "Nobody"
    )
    assert number_text(nothing[0]) == "0"
