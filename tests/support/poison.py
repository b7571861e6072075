"""A strategy that kills the process in which it runs, for tests of what a sweep survives."""

import os
import signal

from sim.model.strategies import RequestView, Strategy


class Poison(Strategy):
    """Ends its process as the kernel does when memory runs out, at the first request it sees."""

    def refuses(self, request: RequestView) -> str:
        """Never returns."""
        os.kill(os.getpid(), signal.SIGKILL)
        return ""
