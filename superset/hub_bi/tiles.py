"""The vocabulary in which a dashboard is described: tiles, cards, rows and filters.

Every dashboard of the product is one `Dashboard` value in `hub_bi/dashboards/`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hub_bi.charts import Chart


@dataclass(frozen=True)
class Tile:
    """A chart on a dashboard; its title is the question that it answers.

    `needs_rows_in` names the mart without whose rows the chart would be empty; the
    installer then shows `empty_note` in its place. `only_where` narrows that to a
    condition (SQL) on the mart's rows. `ignores_period` is for what only makes sense whole.
    """

    key: str
    question: str
    mart: str
    chart: Chart
    width: int
    height: int
    note: str = ""
    needs_rows_in: str = ""
    only_where: str = ""
    ignores_period: bool = False
    empty_note: str = "There is nothing to show yet. Load your records with `hub run`."

    def row_checks(self) -> tuple[tuple[str, str], ...]:
        """Return the (mart, condition) pairs that must all have rows for the chart to show."""
        return ((self.mart, ""), (self.needs_rows_in or self.mart, self.only_where))


@dataclass(frozen=True)
class Card:
    """A short text on a dashboard: what to do with what the charts show (Markdown)."""

    key: str
    text: str
    width: int
    height: int


Item = Tile | Card


@dataclass(frozen=True)
class PeriodFilter:
    """The period that all charts with a time column follow."""

    name: str = "Period"


@dataclass(frozen=True)
class ChoiceFilter:
    """A choice among the values of a column; left out where there is only one value."""

    name: str
    mart: str
    column: str


Filter = PeriodFilter | ChoiceFilter


@dataclass(frozen=True)
class Dashboard:
    """One dashboard: rows of tiles and cards, filters and fixed colours of labels.

    `shows_charts_of` names the dashboard whose charts these are, where it is only another
    layout of them. `refresh_seconds` lets the page ask again by itself; 0 leaves that to the
    reader.
    """

    slug: str
    title: str
    description: str
    rows: tuple[tuple[Item, ...], ...]
    filters: tuple[Filter, ...] = ()
    label_colours: Mapping[str, str] = field(default_factory=dict)
    shows_charts_of: str = ""
    refresh_seconds: int = 0

    @property
    def charts_slug(self) -> str:
        """The slug of the dashboard that the charts belong to."""
        return self.shows_charts_of or self.slug

    def tiles(self) -> Iterator[Tile]:
        """Yield the charts in reading order."""
        for row in self.rows:
            for item in row:
                if isinstance(item, Tile):
                    yield item
