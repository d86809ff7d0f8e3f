"""Square's API: every page of every list, and its own sales report.

Knows HTTP and Square's rules, not what was loaded before. Version 2026-09-16: orders are searched
in at most ten locations and sorted by the field they are filtered by; payments and refunds come a
hundred at a time; a report may be answered with "Continue wait" until it is ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx

from ingestion.transport import Json, Pace, Transport, rest
from warehouse.errors import HubError

TITLE = "Square"
VERSION = "2026-09-16"
MOST_LOCATIONS = 10
ORDERS_PER_PAGE, PAYMENTS_PER_PAGE, CATALOG_PER_PAGE = 1_000, 100, 1_000
CUSTOMERS_PER_PAGE, TEAM_PER_PAGE, INVENTORY_PER_PAGE, PAYOUTS_PER_PAGE = 100, 200, 1_000, 100
INVENTORY_TYPES = ("PHYSICAL_COUNT", "ADJUSTMENT", "TRANSFER")
REPORT_ROWS = 10_000
REPORT_WAITS = 30
CATALOG_TYPES = ("ITEM", "ITEM_VARIATION", "CATEGORY", "MODIFIER", "MODIFIER_LIST", "DISCOUNT",
                 "TAX")  # fmt: skip
REPORT_TIME = "Sales.local_reporting_timestamp"


class SquareClient:
    """Reads one Square account.

    Args:
        api_url: where the API is; another address for tests and the sandbox.
        auth: signs the requests (see ingestion.auth).
        sleep: waits that many seconds.
    """

    def __init__(self, api_url: str, auth: httpx.Auth, *,
                 on_retry: Callable[[str], None] | None = None,
                 sleep: Callable[[float], None] = rest) -> None:  # fmt: skip
        self._sleep = sleep
        self._http = Transport(TITLE, api_url, auth, headers={"Square-Version": VERSION},
                               pace=Pace(), on_retry=on_retry, sleep=sleep)  # fmt: skip

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def merchants(self) -> list[Json]:
        """The account: its currency and country."""
        return list(self._http.json("GET", "/v2/merchants").get("merchant") or [])

    def locations(self) -> list[Json]:
        """All locations, with their time zones."""
        return list(self._http.json("GET", "/v2/locations").get("locations") or [])

    def orders(self, location_ids: list[str], since: datetime | None = None,
               until: datetime | None = None) -> Iterator[list[Json]]:  # fmt: skip
        """Orders (sales, returns and exchanges alike) that changed in a period, oldest first."""
        changed = _period(("start_at", since), ("end_at", until))
        query: Json = {"sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"}}
        if changed:
            query["filter"] = {"date_time_filter": {"updated_at": changed}}
        for some in batched_list(location_ids, MOST_LOCATIONS):
            yield from self._search(
                "/v2/orders/search", "orders",
                {"location_ids": some, "query": query, "limit": ORDERS_PER_PAGE},
            )  # fmt: skip

    def payments(self, location_id: str, since: datetime | None = None,
                 until: datetime | None = None) -> Iterator[list[Json]]:  # fmt: skip
        """Payments of a location that changed in a period; with their fees.

        Without a location Square would answer with those of the main location alone.
        """
        return self._list("/v2/payments", "payments", since, until, location_id=location_id)

    def refunds(self, since: datetime | None = None,
                until: datetime | None = None) -> Iterator[list[Json]]:  # fmt: skip
        """Refunds of all locations that changed in a period; their order is the return, not the
        sale."""
        return self._list("/v2/refunds", "refunds", since, until)

    def payouts(self, location_id: str, since: datetime | None = None,
                is_known: Callable[[Json], bool] = lambda _: False
                ) -> Iterator[list[Json]]:  # fmt: skip
        """Payouts of a location made since, each with its ``entries``, which are a request each.

        Args:
            is_known: whether a payout, as the list tells it, is to be left out.
        """
        params: Json = {"location_id": location_id, "sort_order": "ASC", "limit": PAYOUTS_PER_PAGE}
        params |= _period(("begin_time", since))
        for page in self._pages("/v2/payouts", "payouts", params):
            yield [payout | {"entries": self._entries(payout["id"])}
                   for payout in page if not is_known(payout)]  # fmt: skip

    def _entries(self, payout_id: str) -> list[Json]:
        path = f"/v2/payouts/{payout_id}/payout-entries"
        pages = self._pages(path, "payout_entries", {"limit": PAYOUTS_PER_PAGE})
        # Each repeats the payout that it is a part of.
        return [{name: value for name, value in entry.items() if name != "payout_id"}
                for page in pages for entry in page]  # fmt: skip

    def customers(self, since: datetime | None = None) -> Iterator[list[Json]]:
        """Customer profiles that changed since.

        Raises:
            HubError: fewer came than Square counted.
        """
        query: Json = {"sort": {"field": "CREATED_AT", "order": "ASC"}}
        if since:
            query["filter"] = {"updated_at": _period(("start_at", since))}
        body = {"query": query, "limit": CUSTOMERS_PER_PAGE, "count": True}
        yield from self._search("/v2/customers/search", "customers", body)

    def team_members(self) -> list[Json]:
        """Everyone who works or worked there."""
        pages = self._search("/v2/team-members/search", "team_members", {"limit": TEAM_PER_PAGE})
        return [member for page in pages for member in page]

    def timecards(self, since: datetime | None = None) -> Iterator[list[Json]]:
        """Timecards that began since (Square cannot be asked for changed ones)."""
        query: Json = {"sort": {"field": "START_AT", "order": "ASC"}}
        if since:
            query["filter"] = {"start": _period(("start_at", since))}
        body = {"query": query, "limit": TEAM_PER_PAGE}
        yield from self._search("/v2/labor/timecards/search", "timecards", body)

    def inventory_counts(self, since: datetime | None = None) -> Iterator[list[Json]]:
        """What is in stock, per object, place and state; counts have no id, so one is made."""
        body: Json = {"limit": INVENTORY_PER_PAGE, **_period(("updated_after", since))}
        for page in self._search("/v2/inventory/counts/batch-retrieve", "counts", body):
            yield [count | {"id": " ".join(
                (count["catalog_object_id"], count.get("location_id", ""), count["state"])
            )} for count in page]  # fmt: skip

    def inventory_changes(self, since: datetime | None = None) -> Iterator[list[Json]]:
        """Counts, adjustments and transfers of stock; id and time are those of what is inside."""
        body: Json = {"limit": INVENTORY_PER_PAGE, "types": list(INVENTORY_TYPES),
                      **_period(("updated_after", since))}  # fmt: skip
        for page in self._search("/v2/inventory/changes/batch-retrieve", "changes", body):
            yield [change | {name: change[change["type"].lower()][name]
                             for name in ("id", "occurred_at", "created_at")}
                   for change in page]  # fmt: skip

    def catalog(self, since: datetime | None = None) -> Iterator[list[Json]]:
        """Catalog objects, also deleted ones (``is_deleted``), that changed since."""
        body: Json = {"object_types": list(CATALOG_TYPES), "include_deleted_objects": True,
                      "limit": CATALOG_PER_PAGE}  # fmt: skip
        if since:
            body["begin_time"] = _text(since)
        yield from self._search("/v2/catalog/search", "objects", body)

    def sales_report(self, measures: list[str], first: date) -> list[Json]:
        """Square's own sums per local day and location, as its dashboard shows them.

        Until now; where it is tomorrow already, until there.

        Returns:
            One row per day and location; money as decimal text in units of the currency.

        Raises:
            HubError: Square's model lacks a measure, or the report did not get ready.
        """
        model = self._http.json("GET", "/reporting/v1/meta")
        known = {measure["name"] for cube in model.get("cubes") or []
                 for measure in cube.get("measures") or []}  # fmt: skip
        if lacking := [name for name in measures if name not in known]:
            raise HubError(
                f"Square's reports no longer have {', '.join(lacking)}.",
                fix="Update the hub; until then its days are not compared with Square's.",
            )
        last = self._http.today() + timedelta(days=1)
        rows: list[Json] = []
        while True:
            query = {
                "measures": measures, "dimensions": ["Sales.location_id"],
                "timeDimensions": [{"dimension": REPORT_TIME, "granularity": "day",
                                    "dateRange": [first.isoformat(), last.isoformat()]}],
                "limit": REPORT_ROWS, "offset": len(rows),
            }  # fmt: skip
            page = self._report(query)
            rows += page
            if len(page) < REPORT_ROWS:
                return rows

    def _report(self, query: Json) -> list[Json]:
        for attempt in range(REPORT_WAITS):
            answer = self._http.json("POST", "/reporting/v1/load", body={"query": query})
            if answer.get("error") != "Continue wait":
                return list(answer.get("data") or [])
            self._sleep(min(0.2 * 1.5**attempt, 5.0))
        raise HubError("Square's sales report did not get ready.", fix="Run again later.")

    def _search(self, path: str, name: str, body: Json) -> Iterator[list[Json]]:
        """The pages of a search whose cursor goes into the body."""

        def ask(cursor: str | None) -> Json:
            return self._http.json("POST", path, body=body | ({"cursor": cursor} if cursor else {}))

        return _drained(ask, path, name)

    def _list(self, path: str, name: str, since: datetime | None, until: datetime | None,
              **more: str) -> Iterator[list[Json]]:  # fmt: skip
        """What changed in a period, oldest change first."""
        params: Json = {"sort_field": "UPDATED_AT", "sort_order": "ASC", "limit": PAYMENTS_PER_PAGE}
        params |= _period(("updated_at_begin_time", since), ("updated_at_end_time", until))
        return self._pages(path, name, params | more)

    def _pages(self, path: str, name: str, params: Json) -> Iterator[list[Json]]:
        """The pages of a list whose cursor goes into the address."""

        def ask(cursor: str | None) -> Json:
            asked = params | ({"cursor": cursor} if cursor else {})
            return self._http.json("GET", path, params=asked)

        return _drained(ask, path, name)


def _drained(ask: Callable[[str | None], Json], path: str, name: str) -> Iterator[list[Json]]:
    """Page after page; a cursor that comes back would go round for ever, or hide the rest."""
    cursor, seen, due, came = None, set[str](), 0, 0
    while True:
        page = ask(cursor)
        cursor = page.get("cursor")
        rows = page.get(name) or []
        came += len(rows)
        due = due or int(page.get("count") or 0)
        if rows:
            yield rows
        if not cursor:
            if came < due:
                raise HubError(
                    f"Square counted {due} {name} for {path}, but gave {came}.", fix="Run again.",
                )  # fmt: skip
            return
        if cursor in seen:
            raise HubError(
                f"Square gave the same page of {path} twice, so its list cannot be read whole.",
                fix="Run again; if it stays so, report it with this line.",
            )
        seen.add(cursor)


def batched_list(items: list[str], size: int) -> Iterator[list[str]]:
    """Some items at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _period(*bounds: tuple[str, datetime | None]) -> Json:
    return {name: _text(moment) for name, moment in bounds if moment}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
