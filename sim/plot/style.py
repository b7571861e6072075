"""What all figures share: colours that the colour-blind and a grey print tell apart, axes of time, saving."""

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter, NullLocator

from sim.basics.wording import about

# Okabe and Ito 2008 without the yellow, which is lost on white; each with a dash and a marker of its own.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
DASHES: tuple[Any, ...] = (
    "-", (0, (5, 1.5)), (0, (1, 1)), (0, (7, 1.5, 1, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (9, 2)), (0, (2, 2)),
)  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY, PALE, INK = "#767676", "#c8c8c8", "#222222"

FAMILIES = {
    "token": ("#0072B2", "o", "token only"),
    "allowlist": ("#CC79A7", "D", "with an allowlist"),
    "check": ("#D55E00", "s", "with a check by the host"),
    "push": ("#009E73", "^", "with push from the host"),
    "mixed": ("#000000", "P", "check and push"),
    "none": ("#767676", "X", "no gate"),
}
_FONT: Any = {
    "font.size": 9.5,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "lastclick",  # the same figure is the same file, byte for byte
    "svg.fonttype": "path",
}
_TICKS_S = (
    1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 8 * 3600.0, 86400.0, 864000.0, 2592000.0,
)  # fmt: skip


# For names in scripts that matplotlib's own font lacks; what is not installed is passed over.
_SCRIPTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Source Han Sans", "WenQuanYi Zen Hei",
    "Hiragino Sans", "PingFang SC", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji", "Arial Unicode MS",
)  # fmt: skip


@cache
def _fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    here = set(fontManager.get_font_names())
    return ["DejaVu Sans", *(name for name in _SCRIPTS if name in here)]


@contextmanager
def _drawn() -> Iterator[None]:
    """Our fonts and sizes. Characters that no font here has become boxes."""
    with rc_context({**_FONT, "font.family": _fonts()}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        yield


class Picture(Figure):
    """A figure that shows itself in a notebook without pyplot (and its global state). `alt` says what is to be seen."""

    alt: str = ""

    def _settle(self) -> None:
        """Lay out once and for all: constrained layout is not a fixed point, and a second drawing would move things."""
        if (layout := self.get_layout_engine()) is not None:
            layout.execute(self)  # the layout alone: what it needs of ticks and texts it measures
            layout.execute(self)
            self.set_layout_engine(None)  # or saving would draw all once more to lay it out

    def _repr_png_(self) -> bytes:
        with _drawn():
            self._settle()
            buffer = io.BytesIO()
            self.savefig(buffer, format="png", dpi=90)
            return buffer.getvalue()

    def svg(self) -> str:
        """The figure as an `<svg>` element without a prologue, for a page."""
        buffer = io.StringIO()
        with _drawn():
            self._settle()
            self.savefig(buffer, format="svg", metadata={"Date": None})
        text = buffer.getvalue()
        return text[text.index("<svg") :]

    def save(self, path: Path | str, ending: str | None = None) -> None:
        """Write the figure as SVG, PDF or PNG, by the ending of `path` or as told; the same figure gives the same bytes.

        Raises ValueError for another ending.
        """
        form = (ending or Path(path).suffix).lower().removeprefix(".")
        undated: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
        if form not in undated:
            raise ValueError("expected a name that ends in .svg, .pdf or .png")
        with _drawn():
            self._settle()
            self.savefig(path, format=form, dpi=160, metadata=undated[form])


_NARROW: ContextVar[bool] = ContextVar("narrow", default=False)
_NARROW_IN = 4.6


@contextmanager
def narrow() -> Iterator[None]:
    """Pictures made inside are for a page of 400 pixels: less wide, higher, their legends below."""
    token = _NARROW.set(True)
    try:
        yield
    finally:
        _NARROW.reset(token)


def is_narrow() -> bool:
    """Whether a picture is made for a narrow page."""
    return _NARROW.get()


def side_legend(ax: Axes, *, below: float = -0.22, **settings: Any) -> None:
    """A legend to the right of the axes; on a narrow page below them, so far in units of their height."""
    at = (0.0, below) if is_narrow() else (1.01, 1.0)
    ax.legend(
        loc="upper left",
        bbox_to_anchor=at,
        frameon=False,
        fontsize=8.5,
        borderaxespad=0,
        **settings,
    )


def columns(wide: int) -> int:
    """How many columns a legend below has."""
    return 1 if is_narrow() else wide


def canvas(
    width: float = 8.4, height: float = 4.8, rows: int = 1, **axes: Any
) -> tuple[Picture, Any]:
    """An empty picture and its axes (an array of them for several rows); sizes in inches."""
    if is_narrow():
        width, height = _NARROW_IN, 1.3 * height
    with _drawn():
        picture = Picture(figsize=(width, height), layout="constrained", facecolor="white")
        FigureCanvasAgg(picture)
        return picture, picture.subplots(rows, **axes)


def headline(ax: Axes, finding: str, alt: str = "", width: int = 92) -> None:
    """The title states the finding; the alternative text adds how it is drawn."""
    import textwrap

    width = min(width, 40) if is_narrow() else width
    with _drawn():
        ax.set_title(textwrap.fill(finding, width), loc="left", pad=10)
    if isinstance(ax.figure, Picture):
        ax.figure.alt = f"{finding}. {alt}".strip()


def time_axis(axis: Any, low_s: float, high_s: float, scale: float = 1.0) -> None:
    """Ticks at times that people say (10 s, 1 min, 8 h); `scale` is the axis's unit in seconds."""
    chosen = [t for t in _TICKS_S if low_s * 0.999 <= t <= high_s * 1.001]
    if len(chosen) < 3:
        finer = sorted(t * k for t in _TICKS_S if t <= 10 for k in (1, 2, 5))
        chosen = [t for t in finer if low_s * 0.999 <= t <= high_s * 1.001]
    ticks, labels = [t / scale for t in chosen], [about(t) for t in chosen]
    if low_s <= 0:
        ticks, labels = [0.0, *ticks], ["0", *labels]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter(labels))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def readable(name: str) -> str:
    """A name of a metric or cause as words."""
    return name.replace("_", " ")


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names in one phrase: "a, b and 4 more"."""
    if len(names) <= most:
        return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def place_labels(ax: Axes, points: Sequence[tuple[float, float, str]], size: float = 8.0) -> None:
    """Name points beside them, each on the first of twelve sides where it covers nothing placed before.

    A name that had to move away is tied to its point by a thin line.
    """
    picture = ax.figure
    assert isinstance(picture, Figure)
    with _drawn():
        picture.draw_without_rendering()
        at = ax.transData.transform(np.array([(x, y) for x, y, _ in points], dtype=float))
        inside = ax.get_window_extent()
        scale = picture.dpi / 72.0
        taken = [(x - 5 * scale, y - 5 * scale, x + 5 * scale, y + 5 * scale) for x, y in at]
        for (px, py), (x, y, text) in zip(at, points, strict=True):
            width, height = 0.56 * size * scale * len(text), 1.25 * size * scale
            dx, dy = _free_side(px, py, width, height, scale, taken, inside)
            taken.append((px + dx, py + dy, px + dx + width, py + dy + height))
            far = math.hypot(dx + width / 2, dy) > width / 2 + 16 * scale
            ax.annotate(
                text, (x, y), (dx / scale, dy / scale), textcoords="offset points", fontsize=size, color=INK,
                arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.6} if far else None,
            )  # fmt: skip


def _free_side(
    px: float,
    py: float,
    width: float,
    height: float,
    scale: float,
    taken: Sequence[Any],
    inside: Any,
) -> tuple[float, float]:
    best, fewest = (6 * scale, 2 * scale), math.inf
    for distance in (0.0, 12.0, 24.0, 38.0, 54.0):
        gap = (7 + distance) * scale
        for dx, dy in (
            (gap, -height / 2), (7 * scale, gap - 4 * scale), (7 * scale, -gap - height / 2),
            (-gap - width, -height / 2), (-7 * scale - width, gap - 4 * scale),
            (-7 * scale - width, -gap - height / 2), (-width / 2, gap), (-width / 2, -gap - height),
        ):  # fmt: skip
            box = (px + dx, py + dy, px + dx + width, py + dy + height)
            if box[0] < inside.x0 or box[2] > inside.x1 + 60 * scale or box[1] < inside.y0:
                continue
            hits = sum(_overlap(box, other) for other in taken)
            if hits < fewest:
                best, fewest = (dx, dy), hits
            if hits == 0:
                return best
    return best


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
