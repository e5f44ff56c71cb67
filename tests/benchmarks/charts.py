"""Figures as SVG that can be read on white and on black: no background, and colours with contrast to both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_INK = "#7d7d7d"
_COLOURS = ("#2f81d6", "#d9730d", "#2f9e5a", "#a657c4", "#c2463f", "#8a7a1f")
_CHARACTERS_ACROSS = 90
_WHOLE = 100
"""From here on a value is written without decimals."""
_STYLES = ("o-", "s--", "^-.", "D:", "v-", "P--")


def growth(
    path: Path,
    *,
    series: Mapping[str, Sequence[tuple[float, float]]],
    across: str,
    up: str,
    limit: tuple[str, float] | None = None,
) -> None:
    """Lines over sizes, both axes logarithmic; ``limit`` is a line to stay under."""
    figure, axes = _figure()
    for (name, points), colour, style in zip(series.items(), _COLOURS, _STYLES, strict=False):
        axes.plot(*zip(*sorted(points), strict=True), style, color=colour, label=name, linewidth=2, markersize=6)
    if limit:
        axes.axhline(limit[1], color=_INK, linewidth=1, linestyle=(0, (1, 3)))
        axes.annotate(
            limit[0], (1, limit[1]), xycoords=("axes fraction", "data"), ha="right", va="bottom", color=_INK, fontsize=9
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    _finish(figure, axes, path, across=across, up=up)


def bars(path: Path, *, groups: Mapping[str, Mapping[str, float]], up: str, logarithmic: bool = False) -> None:
    """Bars side by side: ``groups`` by what stands below them, then by what the colours mean (nothing if there is one)."""
    figure, axes = _figure()
    kinds = list(dict.fromkeys(kind for group in groups.values() for kind in group))
    width = 0.8 / len(kinds)
    for place, (kind, colour) in enumerate(zip(kinds, _COLOURS, strict=False)):
        listed = [(at, group[kind]) for at, group in enumerate(groups.values()) if kind in group]
        drawn = axes.bar(
            [at + (place - (len(kinds) - 1) / 2) * width for at, _ in listed], [value for _, value in listed], width * 0.92
        )
        for bar, (_, value) in zip(drawn, listed, strict=True):
            bar.set_color(colour)
            axes.annotate(
                f"{value:,.0f}" if value >= _WHOLE else f"{value:.3g}",
                (bar.get_x() + bar.get_width() / 2, value),
                ha="center",
                va="bottom",
                color=_INK,
                fontsize=8,
            )
        drawn.set_label(kind)
    if logarithmic:
        axes.set_yscale("log")
    slanted = max(map(len, groups)) * len(groups) > _CHARACTERS_ACROSS
    axes.set_xticks(range(len(groups)), list(groups), rotation=30 if slanted else 0, ha="right" if slanted else "center")
    _finish(figure, axes, path, across="", up=up)


def _figure() -> tuple[Any, Any]:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    # Text stays text, and the same figures make the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "fundstelle", "font.family": "sans-serif", "font.size": 10})
    # By name, so that the types are the same where matplotlib (extra bench) is not installed.
    figure, axes = plt.subplots(figsize=(7.2, 3.8))
    return figure, axes


def _finish(figure: Any, axes: Any, path: Path, *, across: str, up: str) -> None:
    axes.set_xlabel(across, color=_INK)
    axes.set_ylabel(up, color=_INK)
    axes.tick_params(colors=_INK, which="both")
    axes.grid(visible=True, axis="y", color=_INK, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(_INK)
    if len(axes.get_legend_handles_labels()[0]) > 1:
        # Above, where no bar or line can be behind it.
        axes.legend(frameon=False, labelcolor=_INK, fontsize=9, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, transparent=True, metadata={"Date": None})
