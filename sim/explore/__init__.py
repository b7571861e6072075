"""A page with controls: over computed settings, or over the numbers of a scenario that runs anew; on loopback only, or one file."""

from sim.explore.live import serve_live
from sim.explore.page import page_of
from sim.explore.server import serve

__all__ = ["page_of", "serve", "serve_live"]
