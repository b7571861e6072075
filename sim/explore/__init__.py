"""A page with controls over computed settings: served on loopback only, or kept as one file."""

from sim.explore.page import page_of
from sim.explore.server import serve

__all__ = ["page_of", "serve"]
