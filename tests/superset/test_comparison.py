"""The period that dashboards open on, and the one it is compared with."""

from datetime import date

import pytest
from hub_bi.charts import BigNumber
from hub_bi.comparison import Period, compare, opening_period


@pytest.mark.parametrize(
    ("first", "as_of", "written", "beside", "earlier"),
    [
        # Two years and more: whole months of a year, beside those before.
        ("2012-03-09", "2015-12-31", "2015-01-01 : 2016-01-01", "1 year ago", "2014-01-01"),
        ("2012-03-09", "2024-02-28", "2023-03-01 : 2024-02-29", "1 year ago", "2022-03-01"),
        ("2012-03-09", "2024-02-29", "2023-03-01 : 2024-03-01", "1 year ago", "2022-03-01"),
        ("2012-03-09", "2015-06-10", "2014-07-01 : 2015-06-11", "1 year ago", "2013-07-01"),
        # Fewer: the months that have a year before them; one that began on its second day is whole.
        ("2025-07-02", "2026-09-29", "2026-07-01 : 2026-09-30", "1 year ago", "2025-07-01"),
        ("2025-07-10", "2026-12-31", "2026-08-01 : 2027-01-01", "1 year ago", "2025-08-01"),
        # Less than a year and a quarter: the newest half, in whole weeks.
        ("2015-01-01", "2015-12-31", "2015-07-03 : 2016-01-01", "inherit", "2015-01-02"),
        ("2026-01-01", "2026-01-16", "2026-01-10 : 2026-01-17", "inherit", "2026-01-03"),
        # Days: nothing to compare with.
        ("2026-01-01", "2026-01-05", "2026-01-01 : 2026-01-06", "", None),
        (None, "2015-12-31", "2015-01-01 : 2016-01-01", "", None),
    ],
)
def test_the_opening_period_and_the_one_before_it(
    first: str | None, as_of: str, written: str, beside: str, earlier: str | None
) -> None:
    start = date.fromisoformat(first) if first else None
    period = opening_period(start, date.fromisoformat(as_of))
    assert (period.written, period.beside) == (written, beside)
    if earlier:
        assert period.earlier_start == date.fromisoformat(earlier)


def _content() -> dict[str, object]:
    return {
        "viz_type": "big_number",
        "params": {"viz_type": "big_number", "adhoc_filters": []},
        "query_context": '{"queries": [{"filters": []}, {"filters": []}]}',
    }


@pytest.mark.parametrize(
    ("grain", "end", "first", "shown"),
    [
        ("P1W", date(2026, 9, 30), date(2025, 7, 3), "pop_kpi"),
        ("P1W", date(2026, 9, 30), date(2025, 7, 4), "big_number"),
        ("P1M", date(2026, 10, 1), date(2025, 7, 1), "pop_kpi"),
        ("P1M", date(2026, 9, 30), date(2025, 7, 1), "big_number"),
    ],
)
def test_a_number_is_compared_only_with_a_whole_period(
    grain: str, end: date, first: date, shown: str
) -> None:
    content = _content()
    period = Period(date(2026, 7, 1), end, "1 year ago")
    compare(content, BigNumber("orders", "orders", grain=grain), period, first)
    assert content["viz_type"] == shown


@pytest.mark.parametrize(("is_cost", "colour"), [(True, "Red"), (False, "Green")])
def test_a_cost_that_rises_is_red(is_cost: bool, colour: str) -> None:
    content = _content()
    period = Period(date(2026, 7, 1), date(2026, 9, 30), "1 year ago")
    compare(content, BigNumber("x", "x", is_cost=is_cost), period, date(2020, 1, 1))
    assert content["params"]["comparison_color_scheme"] == colour  # type: ignore[index]
