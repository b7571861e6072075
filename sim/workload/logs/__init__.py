"""Access logs in every form that servers write, read as rows of one kind."""

from sim.workload.logs.options import Exclusion, FitOptions, KindRule
from sim.workload.logs.problems import BadLines, LogError
from sim.workload.logs.read import Log, Rows, read_log

__all__ = ["BadLines", "Exclusion", "FitOptions", "KindRule", "Log", "LogError", "Rows", "read_log"]
