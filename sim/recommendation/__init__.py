"""Recommend: for each strategy the lifetimes that meet the goals, the one to pick, what it costs, and a ranking."""

from sim.recommendation.answer import Recommendation, recommend
from sim.recommendation.goals import Goal, goals_of
from sim.recommendation.search import Found

__all__ = ["Found", "Goal", "Recommendation", "goals_of", "recommend"]
