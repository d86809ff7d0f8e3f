"""Turns daily sales into regular series: every day once, closed days marked as missing.

A day without any sale is a closed day, not a day of zero demand; nothing is invented for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[np.float64]
DAYS_PER_WEEK = 7
# A weekday counts as a regular closing day after this many closed weeks in a row.
CLOSED_WEEKS = 8


def daily_series(
    sales: pd.DataFrame, *, last_date: date, first_date: date | None = None
) -> pd.Series[float]:
    """One value per day from the first sale to ``last_date``.

    Args:
        sales: columns ``sale_date`` and ``net_amount`` (one currency), any number of rows a day.
        last_date: last complete day; later rows are ignored.
        first_date: first day of the series; default is the first sale.

    Returns:
        Net sales by day (a daily ``DatetimeIndex``), NaN on days without any row.
    """
    daily = (
        sales.assign(sale_date=pd.to_datetime(sales["sale_date"]))
        .groupby("sale_date")["net_amount"]
        .sum()
        .astype(float)
    )
    daily = daily[daily.index <= pd.Timestamp(last_date)]
    if daily.empty:
        return pd.Series(dtype=float, index=pd.DatetimeIndex([], freq="D"))
    start = pd.Timestamp(first_date) if first_date else daily.index.min()
    return daily.reindex(pd.date_range(start, pd.Timestamp(last_date), freq="D"))


def open_day_zeros(part: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    """Fill a part's missing days with 0 where the whole business was open that day."""
    aligned = part.reindex(whole.index)
    return aligned.where(aligned.notna() | whole.isna(), 0.0)


def bridge_closed_days(series: pd.Series[float]) -> Values:
    """Values for methods that need every day: a closed day gets the mean of its weekday.

    The mean is over up to four observed same weekdays before it, else after it, else of all
    days. Only model fitting sees these values; they are never published.
    """
    values = np.array(series, dtype=np.float64)
    observed = ~np.isnan(values)
    if observed.all():
        return values
    overall = float(np.nanmean(values)) if observed.any() else 0.0
    for weekday in range(DAYS_PER_WEEK):
        same = values[weekday::DAYS_PER_WEEK]
        is_known = observed[weekday::DAYS_PER_WEEK]
        known = same[is_known]
        before = np.cumsum(is_known)[~is_known]
        windows = [known[max(count - 4, 0) : count] if count else known[:4] for count in before]
        same[~is_known] = [each.mean() if len(each) else overall for each in windows]
    return values


def closed_ahead(
    series: pd.Series[float], future: pd.DatetimeIndex, closures: Collection[date]
) -> npt.NDArray[np.bool_]:
    """Which future days are closed: declared closures, and weekdays closed for eight weeks."""
    recent = series.iloc[-CLOSED_WEEKS * DAYS_PER_WEEK :]
    closed_weekdays: set[int] = set()
    if len(recent) == CLOSED_WEEKS * DAYS_PER_WEEK:
        weekdays = pd.DatetimeIndex(recent.index).day_of_week.to_numpy()
        is_open = recent.notna().to_numpy()
        closed_weekdays = set(range(DAYS_PER_WEEK)) - set(weekdays[is_open].tolist())
    declared = {pd.Timestamp(day) for day in closures}
    return np.array([day in declared or day.day_of_week in closed_weekdays for day in future])


def public_holidays(country_code: str, years: Iterable[int]) -> Mapping[date, str]:
    """Day and name of public holidays (library ``holidays``); none where it lacks the country."""
    import holidays  # takes a second to import

    if country_code not in holidays.list_supported_countries():
        return {}
    found: Mapping[date, str] = holidays.country_holidays(country_code, years=years)
    return found
