"""A report as one A4 page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import matplotlib as mpl
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from orchestration.reporting.alerts import amount_of
from orchestration.reporting.figures import Figure, Report
from orchestration.reporting.pages import BLUE, INK, LINE, PAGE, RED, SOFT, TEAL, colour, told
from orchestration.reporting.pictures import HEIGHT_INCHES, WIDTH_INCHES
from orchestration.reporting.selection import News

MARGIN, TOP, WIDTH, HEIGHT = 14.0, 11.0, 210.0, 297.0
INSIDE = WIDTH - 2 * MARGIN
PICTURE_HEIGHT = INSIDE * HEIGHT_INCHES / WIDTH_INCHES
BOTTOM = HEIGHT - 16.0
# Matplotlib brings it, so that every letter of Europe's languages is there on any computer.
_FONT = "DejaVu"
_FILES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}


def to_pdf(report: Report, pictures: Mapping[str, bytes]) -> bytes:
    """Draw the page; what to do is cut where the page ends."""
    page = _Page(report)
    page.head()
    page.tiles()
    page.section("What happened", report.happened)
    page.picture(pictures["days"], f"Net sales per day of this {report.word}")
    page.section("Why", " ".join(report.why))
    if "movers" in pictures:
        page.picture(pictures["movers"], "Change by location, category and channel")
    outlook = " ".join(filter(None, (report.outlook.text, report.outlook.events)))
    page.section("What comes", outlook)
    if "outlook" in pictures:
        page.picture(pictures["outlook"], "Net sales of the last weeks and what is expected")
    page.section("What to do", "" if report.to_do else "Nothing stands out.")
    for number, news in enumerate(report.to_do, 1):
        if not page.item(number, news):
            break
    page.foot()
    return page.content()


class _Page:
    """One page, filled from top to bottom."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.pdf = FPDF(format="A4")
        folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
        for style, name in _FILES.items():
            self.pdf.add_font(_FONT, style, folder / name)
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margins(MARGIN, MARGIN)
        self.pdf.c_margin = 0.0
        self.pdf.set_title(f"{report.business.name}: {report.title}")
        self.pdf.set_lang("en")
        self.pdf.add_page()

    def content(self) -> bytes:
        return bytes(self.pdf.output())

    def _font(self, size: float, colour: str = INK, *, bold: bool = False) -> None:
        self.pdf.set_font(_FONT, "B" if bold else "", size)
        self.pdf.set_text_color(colour)

    def _line(self, text: str, height: float, width: float = INSIDE) -> None:
        self.pdf.multi_cell(width, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def head(self) -> None:
        report = self.report
        self.pdf.set_fill_color(BLUE)
        self.pdf.rect(MARGIN, TOP, INSIDE, 1.2, style="F")
        self.pdf.set_xy(MARGIN, TOP + 3.2)
        self._font(17, bold=True)
        self.pdf.cell(
            INSIDE, 7.5, self._fitting(report.business.name, INSIDE),
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        self._font(10, SOFT)
        kind = "The week" if report.period.kind == "weekly" else "The month"
        self.pdf.cell(INSIDE, 5.5, f"{kind}: {report.title}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.pdf.ln(2.2)

    def tiles(self) -> None:
        gap, height, top = 2.4, 23.0, self.pdf.get_y()
        width = (INSIDE - gap * (len(self.report.figures) - 1)) / len(self.report.figures)
        for number, figure in enumerate(self.report.figures):
            self._tile(figure, MARGIN + number * (width + gap), top, width, height)
        self.pdf.set_xy(MARGIN, top + height + 2.6)

    def _tile(self, figure: Figure, left: float, top: float, width: float, height: float) -> None:
        self.pdf.set_fill_color(PAGE)
        self.pdf.set_draw_color(LINE)
        self.pdf.rect(left, top, width, height, style="DF", round_corners=True, corner_radius=1.6)
        inside, word = width - 4.4, self.report.word
        lines = (
            (1.6, 7.0, SOFT, False, figure.name),
            (5.4, 13.0, INK, True, figure.value),
            (11.2, 5.8, SOFT, False, figure.note),
            (14.8, 6.6, colour(figure.before), False, told(figure.before, word)),
            (18.3, 6.6, colour(figure.year_ago), False, told(figure.year_ago, "year")),
        )
        for down, size, ink, bold, text in lines:
            self._font(size, ink, bold=bold)
            while size > 4.5 and self.pdf.get_string_width(text) > inside:
                size -= 0.3
                self._font(size, ink, bold=bold)
            self.pdf.set_xy(left + 2.2, top + down)
            self.pdf.cell(inside, 3.6 if size < 10 else 5.4, text)

    def section(self, title: str, text: str) -> None:
        self._font(11, BLUE, bold=True)
        self.pdf.cell(INSIDE, 5.6, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if text:
            self._font(8.2)
            self._line(text, 4.0)
        self.pdf.ln(0.8)

    def picture(self, content: bytes, alternative: str) -> None:
        top = self.pdf.get_y()
        self.pdf.image(
            io.BytesIO(content), MARGIN, top, INSIDE, PICTURE_HEIGHT, alt_text=alternative
        )
        self.pdf.set_xy(MARGIN, top + PICTURE_HEIGHT + 1.8)

    def item(self, number: int, news: News) -> bool:
        """One thing to do; False where the page has no room for it."""
        until = f" By {self.report.wording.day(news.act_by_date)}." if news.act_by_date else ""
        side = 44.0
        width = INSIDE - side - 6.0
        self._font(8.2, bold=True)
        height = self._height(news.headline, 4.0, width)
        self._font(7.6)
        action = f"{news.action}{until}"
        height += self._height(action, 3.8, width)
        top = self.pdf.get_y()
        if top + height > BOTTOM:
            return False
        self._font(8.2, BLUE, bold=True)
        self.pdf.cell(6.0, 4.0, f"{number}")
        self._font(8.2, bold=True)
        self.pdf.set_xy(MARGIN + 6.0, top)
        self.pdf.multi_cell(width, 4.0, news.headline, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)
        self._font(7.6, SOFT)
        self.pdf.multi_cell(width, 3.8, action, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        below = self.pdf.get_y()
        is_loss = (news.impact_amount or 0.0) < 0
        for down, size, ink, bold, text in (
            (0.0, 8.2, RED if is_loss else INK, True, amount_of(self.report.business, news) or ""),
            (4.0, 7.0, SOFT, False, news.impact_basis or ""),
        ):
            self.pdf.set_xy(WIDTH - MARGIN - side, top + down)
            self._font(size, ink, bold=bold)
            self.pdf.cell(side, 4.0, text, align="R")
        self.pdf.set_xy(MARGIN, max(below, top + 8.0) + 1.2)
        return True

    def _height(self, text: str, line: float, width: float) -> float:
        height = self.pdf.multi_cell(
            width, line, text, align="L", dry_run=True, output=MethodReturnValue.HEIGHT
        )
        return float(cast("float", height))

    def foot(self) -> None:
        report = self.report
        self.pdf.set_draw_color(LINE)
        self.pdf.line(MARGIN, BOTTOM + 1.5, WIDTH - MARGIN, BOTTOM + 1.5)
        self.pdf.set_xy(MARGIN, BOTTOM + 3.0)
        self._font(7.2, TEAL if report.is_healthy else RED, bold=True)
        self.pdf.cell(11.0, 3.8, "Data")
        self._font(7.2, SOFT)
        self.pdf.multi_cell(
            INSIDE - 11.0, 3.8, report.health, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def _fitting(self, text: str, width: float) -> str:
        if self.pdf.get_string_width(text) <= width:
            return text
        while text and self.pdf.get_string_width(f"{text}…") > width:
            text = text[:-1]
        return f"{text}…"
