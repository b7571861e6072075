"""The verdict: which setting to use, why not the others, and what stays open; one object that every place shows."""

from sim.verdict.build import verdict_of
from sim.verdict.cells import Cell, cells_text, open_cells
from sim.verdict.goals import Goal, goals_of
from sim.verdict.record import GoalRow, Reason, Row, Verdict

__all__ = [
    "Cell",
    "Goal",
    "GoalRow",
    "Reason",
    "Row",
    "Verdict",
    "cells_text",
    "goals_of",
    "open_cells",
    "verdict_of",
]
