"""QuickBooks Online's API: queries drained, changes since an instant, and its own reports.

Knows HTTP and QuickBooks' rules, not what was loaded before. Version 3, minor version 75: pages
are part of the query's text, a list that changes while it is paged can lose a row, so rows are
counted afterwards; change data capture reaches 30 days back and gives at most a thousand objects.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import httpx

from ingestion.api.shapes import Json
from ingestion.transport import Pace, Transport, rest
from warehouse.errors import HubError

TITLE = "QuickBooks"
MINOR_VERSION = "75"
PER_PAGE = 1_000
MOST_CHANGES = 1_000
MOST_IN_BATCH = 30
ROUNDS = 3
# 500 requests a minute for a company; after more of them QuickBooks wants a minute's rest.
LEAST_PAUSE_SECONDS, REST_SECONDS = 0.12, 60.0
# In answers the type is called by its name in the schema.
KEYS = {"CreditCardPayment": "CreditCardPaymentTxn"}
TITLES_OF_GENERAL_LEDGER = (
    "tx_date", "txn_type", "doc_num", "name", "memo", "split_acc", "subt_nat_amount",
    "rbal_nat_amount",
)  # fmt: skip
# A company with several currencies tells amounts in its own apart from those in a document's.
HOME_TITLES = {"subt_nat_amount": "subt_nat_home_amount", "rbal_nat_amount": "rbal_nat_home_amount"}


class QuickBooksClient:
    """Reads one company.

    Args:
        api_url: where the API is; another address for tests and the sandbox.
        auth: signs the requests (see ingestion.auth).
        company_id: QuickBooks' ``realmId``.
        sleep: waits that many seconds.
    """

    def __init__(self, api_url: str, auth: httpx.Auth, company_id: str, *,
                 on_retry: Callable[[str], None] | None = None,
                 sleep: Callable[[float], None] = rest) -> None:  # fmt: skip
        self._path = f"/v3/company/{company_id}"
        self._http = Transport(
            TITLE, api_url, auth, headers={"Accept": "application/json"},
            pace=Pace(LEAST_PAUSE_SECONDS), pause_when_limited=REST_SECONDS, on_retry=on_retry,
            sleep=sleep,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def server_time(self) -> datetime:
        """QuickBooks' own clock."""
        return datetime.fromisoformat(self._get("query", query="select * from CompanyInfo")["time"])

    def all(self, entity: str, *, has_inactive: bool = False) -> Iterator[list[Json]]:
        """All objects of an entity.

        Raises:
            HubError: fewer came than QuickBooks counts, also when read anew.
        """
        seen: set[str] = set()
        for _ in range(ROUNDS):
            start = 1
            while True:
                rows = self._query(_page(entity, start, has_inactive=has_inactive), entity)
                if fresh := [row for row in rows if row["Id"] not in seen]:
                    seen |= {row["Id"] for row in fresh}
                    yield fresh
                if len(rows) < PER_PAGE:
                    break
                start += PER_PAGE
            due = self.count(entity, has_inactive=has_inactive)
            if len(seen) >= due:
                return
        raise HubError(
            f"{TITLE} counts {due:,} objects of {entity}, but gave {len(seen):,}.",
            fix="Run again, when nobody works in QuickBooks.",
        )

    def count(self, entity: str, *, has_inactive: bool = False) -> int:
        """How many objects of an entity there are."""
        answer = self._get("query", query=_count(entity, has_inactive=has_inactive))
        return int(answer["QueryResponse"]["totalCount"])

    def short_lists(self, plain: Collection[str], activated: Collection[str]
                    ) -> dict[str, list[Json]]:  # fmt: skip
        """All objects of entities that fit into a page, of many entities at once.

        Args:
            plain: entities whose objects are never inactive.
            activated: those whose inactive ones are wanted, too.

        Returns:
            Objects by entity; one with more objects than a page holds is left out, and so is one
            of which the page and the count do not agree: they are to be read by :meth:`all`.
        """
        queries = {f"list {entity}": f"select * from {entity} maxresults {PER_PAGE}"
                   for entity in plain}  # fmt: skip
        for entity in activated:
            queries[f"list {entity}"] = _page(entity, 1, has_inactive=True)
            queries[f"count {entity}"] = _count(entity, has_inactive=True)
        answers = self._batch(queries)
        found: dict[str, list[Json]] = {}
        for entity in (*plain, *activated):
            rows = _rows(answers[f"list {entity}"], entity)
            is_whole = entity in plain or (
                len(rows) == int(answers[f"count {entity}"]["totalCount"])
            )
            if is_whole and len(rows) < PER_PAGE:
                found[entity] = rows
        return found

    def changes(self, entities: Collection[str], since: datetime
                ) -> tuple[dict[str, list[Json]], bool]:  # fmt: skip
        """What changed since, deleted objects (``status`` Deleted) among it.

        Returns:
            The objects by entity, and whether there may be more that the answer leaves out.
        """
        text = since.isoformat(timespec="seconds")
        answer = self._get("cdc", entities=",".join(entities), changedSince=text)
        parts = [part for response in answer["CDCResponse"] for part in response["QueryResponse"]]
        found = {entity: [row for part in parts for row in _rows(part, entity)]
                 for entity in entities}  # fmt: skip
        return found, sum(map(len, found.values())) >= MOST_CHANGES

    def first_date(self, entities: list[str], since: datetime | None) -> date | None:
        """The earliest date of documents that changed since; None when none did."""
        where = f" where MetaData.LastUpdatedTime >= '{since.isoformat()}'" if since else ""
        answers = self._batch({
            entity: f"select * from {entity}{where} orderby TxnDate startposition 1 maxresults 1"
            for entity in entities
        })  # fmt: skip
        rows = [row for entity, answer in answers.items() for row in _rows(answer, entity)]
        found = [date.fromisoformat(row["TxnDate"]) for row in rows]
        return min(found, default=None)

    def _batch(self, queries: Mapping[str, str]) -> dict[str, Json]:
        """The answers to several queries, by name, in one request for every thirty of them."""
        answers: dict[str, Json] = {}
        items = [{"bId": name, "Query": text} for name, text in queries.items()]
        for start in range(0, len(items), MOST_IN_BATCH):
            answer = self._http.json(
                "POST", f"{self._path}/batch", params={"minorversion": MINOR_VERSION},
                body={"BatchItemRequest": items[start : start + MOST_IN_BATCH]},
            )  # fmt: skip
            for item in answer["BatchItemResponse"]:
                if "Fault" in item:
                    codes = [str(error.get("code")) for error in item["Fault"].get("Error") or []]
                    raise HubError(
                        f"{TITLE} refused a query ({item['bId']}: {', '.join(codes)}).",
                        fix="This is a fault of the hub or a change of the API: please report it "
                        "with this line.",
                    )
                answers[item["bId"]] = item["QueryResponse"]
        return answers

    # --- reports --------------------------------------------------------------------------

    def balances(self, report: str, basis: str, first: date, last: date) -> Iterator[Json]:
        """Profit and loss or balance sheet by month, a document a month with its ``rows``."""
        answer = self._report(report, basis, first, last, summarize_column_by="Month")
        columns = answer["Columns"]["Column"]
        for index, column in enumerate(columns):
            period = {each["Name"]: each["Value"] for each in column.get("MetaData") or []}
            if "StartDate" in period:
                # An account without an amount in a month is on it or not, as other months have it.
                rows = [{"account_id": identity, "account_name": name, "section": section,
                         "amount": values[index]["value"]}
                        for identity, name, section, values in _accounts(answer)
                        if values[index]["value"]]  # fmt: skip
                start = period["StartDate"]
                # Its first month begins where the question began: it is asked for whole months.
                yield _period(report, basis, start, period["EndDate"], answer) | {"rows": rows}

    def trial_balance(self, basis: str, first: date, last: date) -> Json:
        """Debits less credits per account at the end of a day."""
        answer = self._report("TrialBalance", basis, first, last)
        rows = [{"account_id": identity, "account_name": name, "section": None, "amount":
                 values[1]["value"] or f"-{values[2]['value']}" if values[2]["value"]
                 or values[1]["value"] else "0"}
                for identity, name, _, values in _accounts(answer)]  # fmt: skip
        start, end = first.isoformat(), last.isoformat()
        return _period("TrialBalance", basis, start, end, answer) | {"rows": rows}

    def general_ledger(self, basis: str, first: date, last: date) -> Json:
        """Every posting of a period, as QuickBooks books it."""
        answer = self._report("GeneralLedger", basis, first, last)
        titles = [column.get("ColType") for column in answer["Columns"]["Column"]]
        at = {title: titles.index(title) for title in TITLES_OF_GENERAL_LEDGER}
        home_at = {title: titles.index(home) for title, home in HOME_TITLES.items()
                   if home in titles}  # fmt: skip
        entries = []
        for (account_id, account_name), cells in _postings(answer):
            value = {title: cells[place].get("value") or None for title, place in at.items()}
            value |= {title: cells[place]["value"] for title, place in home_at.items()
                      if cells[place].get("value")}  # fmt: skip
            if not value["txn_type"]:
                continue  # a beginning balance
            entries.append({
                "account_id": account_id, "account_name": account_name,
                "txn_date": value["tx_date"], "txn_type": value["txn_type"],
                "txn_id": cells[at["txn_type"]].get("id"), "doc_number": value["doc_num"],
                "name": value["name"], "memo": value["memo"],
                "split_account_id": cells[at["split_acc"]].get("id") or None,
                "split_account_name": value["split_acc"], "amount": value["subt_nat_amount"],
                "balance": value["rbal_nat_amount"],
            })  # fmt: skip
        period = _period("GeneralLedger", basis, first.isoformat(), last.isoformat(), answer)
        return period | {"entries": entries}

    def _report(self, name: str, basis: str, first: date, last: date, **more: str) -> Json:
        titles = (*TITLES_OF_GENERAL_LEDGER, *HOME_TITLES.values())
        columns = {"columns": ",".join(titles)} if name == "GeneralLedger" else {}
        return self._get(f"reports/{name}", accounting_method=basis, start_date=first.isoformat(),
                         end_date=last.isoformat(), **columns, **more)  # fmt: skip

    def _query(self, text: str, entity: str) -> list[Json]:
        return _rows(self._get("query", query=text)["QueryResponse"], entity)

    def _get(self, path: str, **params: str) -> Json:
        return self._http.json(
            "GET", f"{self._path}/{path}", params={**params, "minorversion": MINOR_VERSION}
        )


def _rows(answer: Json, entity: str) -> list[Json]:
    return list(answer.get(KEYS.get(entity, entity)) or answer.get(entity) or [])


def _page(entity: str, start: int, *, has_inactive: bool) -> str:
    where = _where(has_inactive=has_inactive)
    return f"select * from {entity}{where} orderby Id startposition {start} maxresults {PER_PAGE}"


def _count(entity: str, *, has_inactive: bool) -> str:
    return f"select count(*) from {entity}{_where(has_inactive=has_inactive)}"


def _where(*, has_inactive: bool) -> str:
    return " where Active in (true, false)" if has_inactive else ""


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """First and last day of each month from one day's to another's."""
    start = first.replace(day=1)
    while start <= last:
        end = start.replace(day=monthrange(start.year, start.month)[1])
        yield start, end
        start = end + timedelta(days=1)


def _period(report: str, basis: str, start: str, end: str, answer: Json) -> Json:
    return {
        "id": f"{report} {basis} {start}", "report": report, "accounting_basis": basis,
        "start_date": start, "end_date": end, "currency": answer["Header"].get("Currency"),
        "read_at": answer["Header"]["Time"],
    }  # fmt: skip


def _accounts(answer: Json) -> Iterator[tuple[str | None, str, str | None, list[Json]]]:
    """(account, its name, section, cells) of the rows with an account of a report."""

    def walk(rows: Json, section: str | None) -> Iterator[Any]:
        for row in rows.get("Row") or []:
            inner = row.get("group") or section
            if "Rows" in row:
                # A parent account's own amount stands in its section's head.
                yield from cells(row.get("Header"), inner)
                yield from walk(row["Rows"], inner)
            else:
                yield from cells(row, inner)

    def cells(row: Json | None, section: str | None) -> Iterator[Any]:
        found = (row or {}).get("ColData") or []
        has_amount = any(cell.get("value") for cell in found[1:])
        if found and (found[0].get("id") or section == "NetIncome") and has_amount:
            yield found[0].get("id"), found[0]["value"], section, found

    yield from walk(answer.get("Rows") or {}, None)


def _postings(answer: Json) -> Iterator[tuple[tuple[str, str], list[Json]]]:
    """((account, its name), cells) of the rows of a general ledger."""

    def walk(rows: Json, account: tuple[str, str]) -> Iterator[Any]:
        for row in rows.get("Row") or []:
            if "Rows" in row:
                head = ((row.get("Header") or {}).get("ColData") or [{}])[0]
                inner = (head["id"], head["value"]) if head.get("id") else account
                yield from walk(row["Rows"], inner)
            elif "ColData" in row:
                yield account, row["ColData"]

    yield from walk(answer.get("Rows") or {}, ("", ""))
