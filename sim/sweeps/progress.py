"""Done, rate, time left and failures: a bar on a terminal and in a notebook, plain lines in a log."""

import sys
import time
from typing import Any, Self, TextIO

from sim.basics.wording import about

_EVERY_S = 10.0
_BAR = "{desc}{percentage:3.0f}% {bar} {n:.0f}/{total:.0f} {unit} [{elapsed}, {rate_fmt}, {remaining} left{postfix}]"


class Progress:
    """Shows how far a sweep is. `style`: "bar", "lines", "none", or "auto" (a bar where one can be drawn)."""

    def __init__(self, style: str = "auto", *, unit: str = "cells", stream: TextIO | None = None):
        self._stream = stream or sys.stderr
        self._unit = unit
        self._style = self._drawable() if style == "auto" else style
        self._bar: Any = None

    def _drawable(self) -> str:
        return "bar" if self._stream.isatty() or "ipykernel" in sys.modules else "lines"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def start(self, total: int, skipped: int) -> None:
        """`skipped` of `total` were done before."""
        self._total, self._skipped, self._done, self._failed = total, skipped, float(skipped), 0
        self._started = self._said = time.monotonic()
        if skipped:
            self.say(
                f"{skipped:,} of {total:,} {self._unit} are there already; {total - skipped:,} to do"
            )
        if self._style == "bar":
            from tqdm.auto import tqdm

            self._bar = tqdm(
                total=total,
                initial=skipped,
                unit=self._unit,
                bar_format=_BAR,
                file=self._stream,
                smoothing=0.1,
            )

    def update(self, done: float, failed: int) -> None:
        """`done` cells (with the shares of those under way) and `failed` ones so far."""
        self._done, self._failed = done, failed
        if self._bar is not None:
            if failed:
                self._bar.set_postfix_str(f"{failed} failed", refresh=False)
            self._bar.update(done - self._bar.n)
        elif self._style == "lines" and time.monotonic() - self._said >= _EVERY_S:
            self._said = time.monotonic()
            self.say(self.line())

    def line(self) -> str:
        """For instance `120 of 400 cells, 3.1/s, 1.5 min left, 2 failed`."""
        elapsed_s = time.monotonic() - self._started
        new = self._done - self._skipped
        rate = new / elapsed_s if elapsed_s > 0 else 0.0
        left_s = (self._total - self._done) / rate if rate else None
        left = "" if left_s is None else f", {about(float(f'{left_s:.2g}'))} left"
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done:,.0f} of {self._total:,} {self._unit}, {rate:.3g}/s{left}{failed}"

    def say(self, text: str) -> None:
        """A line of its own, whatever is drawn."""
        if self._style == "none":
            return
        if self._bar is not None:
            self._bar.write(text, file=self._stream)
        else:
            print(text, file=self._stream, flush=True)
