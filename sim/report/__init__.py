"""The page for a design review: one file, nothing outside it, made from a folder of results."""

from sim.report.page import render

__all__ = ["render"]
