"""Recommend: for each strategy the lifetimes that meet the goals, the one to pick, what it costs, and a ranking."""

from sim.recommendation.answer import Recommendation, recommend
from sim.recommendation.search import Found
from sim.verdict.goals import Goal, goals_of

__all__ = ["Found", "Goal", "Recommendation", "goals_of", "recommend"]
