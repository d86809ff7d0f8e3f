"""Asks the warehouse the few facts on which the dashboards' shape depends."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub_bi import settings
from hub_bi.bundle import Bundle, time_columns
from hub_bi.comparison import is_compared
from hub_bi.localise import SALES, Facts
from hub_bi.postgres import connect
from hub_bi.tiles import ChoiceFilter, Dashboard


def read_facts(dashboards: Iterable[Dashboard], files: Bundle) -> Facts:
    """Return which charts would be empty, which filters would offer no choice, how far marts reach.

    A mart that does not exist yet counts as empty. SettingsError if nothing answers.
    """
    boards = list(dashboards)
    connection = connect(
        settings.warehouse_uri(), settings.warehouse_password(), "The warehouse", "HUB_BI_PASSWORD"
    )
    try:
        connection.set_session(readonly=True, autocommit=True)
        return _facts(connection, boards, time_columns(files))
    finally:
        connection.close()


def _facts(connection: Any, boards: list[Dashboard], days: Mapping[str, str]) -> Facts:
    checks = {check for board in boards for tile in board.tiles() for check in tile.row_checks()}
    choices = {
        (chosen.mart, chosen.column)
        for board in boards
        for chosen in board.filters
        if isinstance(chosen, ChoiceFilter)
    }
    compared = {SALES} | {
        tile.mart for board in boards for tile in board.tiles() if is_compared(tile.chart)
    }
    first_dates = {
        mart: _answer(connection, f"select min({days[mart]})::date from marts.{mart}")
        for mart in sorted(compared)
    }
    return Facts(
        first_dates={mart: first for mart, first in first_dates.items() if first},
        empty=frozenset(check for check in checks if not _has_rows(connection, *check)),
        single_valued=frozenset(c for c in choices if not _has_choice(connection, *c)),
    )


def _has_rows(connection: Any, mart: str, condition: str) -> bool:
    where = f" where {condition}" if condition else ""
    return bool(_answer(connection, f"select exists(select 1 from marts.{mart}{where})"))


def _has_choice(connection: Any, mart: str, column: str) -> bool:
    count = _answer(connection, f"select count(distinct {column}) from marts.{mart}")
    return bool(count and count > 1)


def _answer(connection: Any, query: str) -> Any:
    import psycopg2.errors

    with connection.cursor() as cursor:
        try:
            cursor.execute(query)
        except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn):
            return None
        except psycopg2.errors.InsufficientPrivilege as error:
            raise settings.SettingsError(
                f"The role of HUB_BI_URI may not read the marts ({str(error).strip()}). "
                "`hub doctor` repairs its grants."
            ) from error
        return cursor.fetchone()[0]
