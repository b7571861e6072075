"""Sweeps: many cells (a point of the swept paths, a strategy), run anywhere, kept in one folder of tidy results."""

from sim.sweeps.driver import Sweep, sweep
from sim.sweeps.journal import FolderInUse
from sim.sweeps.ledger import NotASweep
from sim.sweeps.plan import Plan, make_plan

__all__ = ["FolderInUse", "NotASweep", "Plan", "Sweep", "make_plan", "sweep"]
