"""The book's figures: one style, and the drawings that more than one chapter makes.

The only file of `lenet` that imports matplotlib. Greys always mean the same: the larger the value,
the darker, as ink on paper.
"""

# ArrayLike stays a name in the signatures of the reference page.
from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

WIDTH = 4.8  # inches, of every figure: lenet/book.mplstyle says why
INK, ACCENT, PALE = "#0b3c5d", "#c65911", "#dfe8ed"  # dark, middle and light in grey as well


def use_style() -> None:
    """Draw in the book's style (`lenet/book.mplstyle`) from here on.

    In a notebook figures also keep their full width, instead of being cropped to what is drawn:
    so text has the same size in all of them.
    """
    plt.style.use("lenet.book")
    if "ipykernel" in sys.modules:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina", bbox_inches=None)


def show_image(ax: Axes, image: ArrayLike, limits: tuple[float, float] | None = None) -> None:
    """Draw one image or map (H, W) in greys, in a thin frame without ticks.

    ``limits`` are the values drawn white and black: the image's own smallest and largest unless
    given.
    """
    image = np.asarray(image)
    low, high = limits or (image.min(), image.max())
    ax.imshow(image, vmin=low, vmax=high)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set(visible=True, color="#999999", linewidth=0.6)


def show_maps(
    maps: ArrayLike,
    labels: Sequence[str] | None = None,
    *,
    columns: int = 6,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw maps or digits (N, H, W) as a grid, ``labels`` above them, all with the same greys.

    ``limits`` are the values drawn white and black: the smallest and the largest of all maps
    unless given.
    """
    maps = np.asarray(maps)
    limits = limits or (maps.min(), maps.max())
    rows = -(-len(maps) // columns)
    side = WIDTH / columns
    height = rows * (side * maps.shape[1] / maps.shape[2] + (0.25 if labels else 0.05))
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, height), squeeze=False)
    for ax in axes.flat[len(maps) :]:
        ax.axis("off")
    for index, (ax, one) in enumerate(zip(axes.flat, maps, strict=False)):
        show_image(ax, one, limits)
        if labels:
            ax.set_title(labels[index], fontsize=9, loc="center", pad=3)
    return figure


def show_numbers(ax: Axes, matrix: ArrayLike, text: str = "{:g}", *, fontsize: float = 10) -> None:
    """Draw a small matrix (H, W) as squares with the numbers written in them, and pale greys.

    ``text`` is the format of a number.
    """
    matrix = np.asarray(matrix, dtype=float)
    span = max(np.ptp(matrix), 1e-9)
    show_image(ax, matrix, (matrix.min(), matrix.min() + 3 * span))  # dark text stays readable
    height, width = matrix.shape
    ax.set_xticks(np.arange(0.5, width - 1), minor=True)
    ax.set_yticks(np.arange(0.5, height - 1), minor=True)
    ax.grid(True, which="minor", color="#999999", linewidth=0.6)
    ax.tick_params(which="minor", length=0)
    for (row, column), number in np.ndenumerate(matrix):
        ax.text(column, row, text.format(number), ha="center", va="center", fontsize=fontsize)


def frame(
    ax: Axes, row: float, column: float, height: float, width: float | None = None, **look: Any
) -> None:
    """Frame a block of pixels of an image drawn in ``ax``: its first row and column, its size.

    The block is square unless ``width`` is given. ``look`` is passed to matplotlib's Rectangle.
    """
    drawn: dict[str, Any] = {"color": ACCENT, "linewidth": 2.5, "zorder": 3, "clip_on": False}
    corner = (column - 0.5, row - 0.5)  # pixels are centred on whole numbers
    ax.add_patch(plt.Rectangle(corner, width or height, height, fill=False, **drawn | look))


def tiled(maps: ArrayLike, columns: int) -> np.ndarray:
    """Set maps (N, H, W) side by side, ``columns`` in a line, as one image for `show_image`.

    Each pixel is enlarged, so that the blank gaps are equally thin whatever the size of the maps.
    """
    maps = np.asarray(maps, dtype=float)
    times = max(1, 64 // maps.shape[2])
    framed = np.pad(
        maps.repeat(times, axis=1).repeat(times, axis=2),
        ((0, -len(maps) % columns), (0, 4), (0, 4)),
        constant_values=np.nan,
    )
    lines = [np.hstack([*framed[i : i + columns]]) for i in range(0, len(framed), columns)]
    return np.vstack(lines)[:-4, :-4]


def plot_runs(ax: Axes, x: ArrayLike, runs: ArrayLike, label: str) -> None:
    """Draw the mean of several seeds' curves (seeds, points) over ``x``, and their range behind it.

    The range runs from the lowest to the highest seed at each point.
    """
    runs = np.asarray(runs)
    (line,) = ax.plot(x, runs.mean(axis=0), label=label)
    ax.fill_between(
        x, runs.min(axis=0), runs.max(axis=0), color=line.get_color(), alpha=0.2, linewidth=0
    )
