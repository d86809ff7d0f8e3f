"""The drawings of a report, as PNG files."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ml.insights import Wording
from orchestration.reporting.figures import Report
from orchestration.reporting.pages import BLUE, INK, LINE, ORANGE, SLATE, SOFT, TEAL

# Twice what a mail shows, so that it is sharp on good screens and on paper.
WIDTH_INCHES, HEIGHT_INCHES, DPI = 7.2, 1.5, 190
_STYLE: dict[str, Any] = {"fontsize": 8, "color": SOFT}


def draw(report: Report) -> dict[str, bytes]:
    """By name: ``days``, and where there is something to show, ``movers`` and ``outlook``."""
    # A name may have dollar signs in it, which are no formula.
    with rc_context({"text.parse_math": False}):
        drawn = {"days": _days(report)}
        if report.movers:
            drawn["movers"] = _movers(report)
        if report.outlook.expected:
            drawn["outlook"] = _outlook(report)
    return drawn


def _days(report: Report) -> bytes:
    """Bars per day; a short line marks the same day of the period before."""
    figure, (axes,) = _canvas(1)
    places = range(len(report.days))
    axes.bar(
        places,
        [each[1] for each in report.days],
        color=BLUE,
        width=0.62,
        label=f"this {report.word}",
    )
    before = [(place, each[2]) for place, each in zip(places, report.days, strict=True)]
    known = [(place, amount) for place, amount in before if amount is not None]
    if known:
        axes.hlines(
            [amount for _, amount in known],
            [place - 0.4 for place, _ in known],
            [place + 0.4 for place, _ in known],
            color=ORANGE,
            linewidth=2.2,
            label=f"the {report.word} before",
        )
    step = 1 if len(report.days) <= 10 else 3
    names = [_short(each[0], with_weekday=step == 1) for each in report.days]
    axes.set_xticks(list(places)[::step], names[::step], **_STYLE)
    axes.set_xlim(-0.6, len(report.days) - 0.4)
    axes.margins(y=0.08)
    _money_axis(axes, report.wording)
    axes.axhline(0, color=SLATE, linewidth=0.8)
    _legend(axes)
    return _png(figure)


def _movers(report: Report) -> bytes:
    """Change per location, category and channel, side by side at one scale."""
    parts = [
        (part, rows)
        for part in ("location", "category", "channel")
        if (rows := [each for each in report.movers if each.part == part])
    ]
    figure, panels = _canvas(len(parts))
    say = report.wording
    low = min(0.0, *(each.amount for each in report.movers))
    high = max(0.0, *(each.amount for each in report.movers))
    for axes, (part, rows) in zip(panels, parts, strict=True):
        amounts = [each.amount for each in rows]
        colours = [TEAL if amount > 0 else ORANGE for amount in amounts]
        axes.barh(range(len(rows)), amounts, color=colours, height=0.6)
        axes.set_yticks(range(len(rows)), [_cut(each.name) for each in rows], **_STYLE)
        axes.set_ylim(4.6, -0.6)
        axes.set_title(f"By {part}", fontsize=8.5, color=INK, loc="left", pad=4)
        axes.set_xticks([])
        axes.axvline(0, color=SLATE, linewidth=0.8)
        for place, amount in enumerate(amounts):
            axes.annotate(
                f"{'+' if amount >= 0 else '−'}{say.money(abs(amount))}",
                (max(amount, 0.0), place),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
                color=INK,
            )
        axes.set_xlim(low, high + 0.6 * (high - low))
        axes.spines["bottom"].set_visible(False)
    return _png(figure)


def _outlook(report: Report) -> bytes:
    """What was sold, and what is expected with its 80 % interval."""
    figure, (axes,) = _canvas(1)
    actual, expected = report.outlook.actual, report.outlook.expected
    days: Any = [each[0] for each in expected]
    past: Any = [each[0] for each in actual]
    axes.plot(past, [each[1] for each in actual], color=BLUE, linewidth=1.5, label="net sales")
    axes.fill_between(
        days,
        [max(each[2], 0.0) for each in expected],
        [each[3] for each in expected],
        color=ORANGE,
        alpha=0.22,
        linewidth=0,
        label="8 of 10 such days",
    )
    axes.plot(
        days, [each[1] for each in expected], color=ORANGE, linewidth=1.8, linestyle=(0, (4, 1.5)),
        label="expected",
    )  # fmt: skip
    ticks = [*past, *days]
    step = max(1, round(len(ticks) / 9))
    axes.set_xticks(
        ticks[::step],
        [_short(day, with_weekday=len(ticks) < 45) for day in ticks[::step]],
        **_STYLE,
    )
    axes.margins(x=0.01)
    axes.set_ylim(bottom=min(0.0, *(each[1] for each in actual)) if actual else 0.0)
    _money_axis(axes, report.wording)
    _legend(axes)
    return _png(figure)


def _canvas(panels: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    for each in axes:
        for side in ("top", "right", "left"):
            each.spines[side].set_visible(False)
        each.spines["bottom"].set_color(LINE)
        each.tick_params(length=0)
    return figure, axes


def _money_axis(axes: Axes, say: Wording) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: say.money(value) if value else "0")
    axes.tick_params(axis="y", labelsize=8, labelcolor=SOFT)
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)


def _legend(axes: Axes) -> None:
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, fontsize=8,
        labelcolor=SOFT, borderaxespad=0, handlelength=1.4,
    )  # fmt: skip


def _short(day: date, *, with_weekday: bool) -> str:
    return f"{day:%a} {day.day} {day:%b}" if with_weekday else f"{day.day} {day:%b}"


def _cut(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}…"


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", facecolor="white", metadata={"Software": None})
    return out.getvalue()
