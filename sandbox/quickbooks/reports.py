"""The reports, computed from the ledger and never from documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.quickbooks.books import Books
from sandbox.quickbooks.chart import HOME, Account
from sandbox.quickbooks.documents import stamp
from sandbox.quickbooks.errors import QuickBooksError
from sandbox.quickbooks.general_ledger import general_ledger
from sandbox.quickbooks.report_shape import Json, added, amount, cells, section

FILTERS = {"department": "department_id", "class": "class_id", "customer": "customer_id",
           "vendor": "vendor_id"}  # fmt: skip
EARNINGS = ("Income", "Cost of Goods Sold", "Expense", "Other Income", "Other Expense")


@dataclass(frozen=True)
class Period:
    """A column: its title and its first and last day."""

    title: str
    first: date
    last: date


@dataclass(frozen=True)
class Ask:
    """What a report is asked for.

    Attributes:
        table: the ledger of the accounting method.
        where: conditions on postings, with the parameters they bind.
    """

    name: str
    first: date
    last: date
    basis: str
    by: str
    table: str
    where: str
    parameters: Json
    macro: str | None
    columns: tuple[str, ...]
    account: tuple[str, ...]


class Reports:
    """Answers the Reports API of one company."""

    def __init__(self, books: Books) -> None:
        """Reports of the books."""
        self._books = books
        self._accounts = books.rows("select * from quickbooks_accounts order by id")
        self._makers: dict[str, Callable[[Ask], Json]] = {
            "ProfitAndLoss": self._profit_and_loss, "BalanceSheet": self._balance_sheet,
            "TrialBalance": self._trial_balance,
            "GeneralLedger": lambda ask: general_ledger(self._books, self._accounts, ask),
        }  # fmt: skip

    def report(self, name: str, query: dict[str, str]) -> Json:
        """One report.

        Raises:
            QuickBooksError: there is no such report, or a parameter has no meaning.
        """
        if name not in self._makers:
            raise QuickBooksError("Unsupported Operation", f"Operation {name} is not supported.",
                                  "500")  # fmt: skip
        ask = self._asked(name, query)
        body = self._makers[name](ask)
        has_rows = bool(body["Rows"])
        options = [{"Name": "AccountingStandard", "Value": "GAAP"},
                   {"Name": "NoReportData", "Value": str(not has_rows).lower()}]  # fmt: skip
        header = {
            "Time": stamp(self._books.now), "ReportName": name, "DateMacro": ask.macro,
            "ReportBasis": ask.basis, "StartPeriod": ask.first.isoformat(),
            "EndPeriod": ask.last.isoformat(), "SummarizeColumnsBy": ask.by, "Currency": HOME,
            "Option": options,
        }  # fmt: skip
        shown = {key: value for key, value in header.items() if value is not None}
        return {"Header": shown, **body}

    def _asked(self, name: str, query: dict[str, str]) -> Ask:
        today = self._books.now.date()
        has_dates = bool(query.get("start_date") or query.get("end_date"))
        macro = None if has_dates else query.get("date_macro", "This Calendar Year-to-date")
        if macro is None:
            last = _day(query, "end_date", today)
            first = _day(query, "start_date", date(last.year, 1, 1))
        else:
            first, last = _named_dates(macro, today)
        if first > last:
            raise QuickBooksError("Invalid Date", "start_date must be before end_date", "5030",
                                  element="start_date")  # fmt: skip
        basis = query.get("accounting_method", "Accrual").capitalize()
        by = query.get("summarize_column_by", "Total")
        for value, known, field in (
            (basis, ("Accrual", "Cash"), "accounting_method"),
            (by, tuple(ENDS), "summarize_column_by"),
        ):
            if value not in known:
                raise QuickBooksError("Invalid Enumeration", f"{value} is not one of "
                                      f"{', '.join(known)}", "2170", element=field)  # fmt: skip
        where = ["known_from <= $now", "(known_until is null or known_until > $now)"]
        parameters: Json = {"now": self._books.now}
        for field, column in FILTERS.items():
            if query.get(field):
                where.append(f"list_contains(${field}, {column})")
                parameters[field] = [int(each) for each in query[field].split(",")]
        return Ask(
            name, first, last, basis, by,
            "quickbooks_postings" if basis == "Accrual" else "quickbooks_cash_postings",
            " and ".join(where), parameters,
            macro.lower() if macro else None,
            tuple(filter(None, query.get("columns", "").split(","))),
            tuple(filter(None, query.get("account", "").split(","))),
        )  # fmt: skip

    # --- sums -----------------------------------------------------------------------------

    def _sums(self, ask: Ask, periods: list[Period], *, until_end: bool = False,
              since: date | None = None) -> dict[int, list[int]]:  # fmt: skip
        """Debits less credits by account, one amount per period.

        Args:
            until_end: whether all that came before a period counts as well.
            since: from this day on, where ``until_end``.
        """
        rows = self._books.rows(
            f"select account_id, txn_date, sum(debit_cents - credit_cents)::bigint as cents "
            f"from {ask.table} where {ask.where} and txn_date <= $last group by all",
            {**ask.parameters, "last": periods[-1].last},
        )
        sums: dict[int, list[int]] = defaultdict(lambda: [0] * len(periods))
        for row in rows:
            for index, period in enumerate(periods):
                begin = since if until_end else period.first
                if row["txn_date"] <= period.last and (begin is None or row["txn_date"] >= begin):
                    sums[row["account_id"]][index] += row["cents"]
        return sums

    def _tree(self, types: tuple[str, ...], sums: dict[int, list[int]], sign: int,
              count: int) -> tuple[list[Json], list[int]]:  # fmt: skip
        """Rows of the accounts of some types, sub-accounts inside their parents; their total."""
        rows, total = [], [0] * count
        mine = [account for account in self._accounts if account["type"] in types]
        for account in mine:
            if account["parent_id"] is not None:
                continue
            own = [sign * cents for cents in sums.get(account["id"], [0] * count)]
            children = [
                (child, [sign * cents for cents in sums[child["id"]]]) for child in mine
                if child["parent_id"] == account["id"] and any(sums.get(child["id"], []))
            ]  # fmt: skip
            whole = added([own, *(values for _, values in children)], count)
            total = added([total, whole], count)
            if children:
                header = cells(account["name"], own if any(own) else None, count,
                               number=account["id"])  # fmt: skip
                inside = [
                    {**cells(child["name"], values, count, number=child["id"], blank=True),
                     "type": "Data"} for child, values in children
                ]  # fmt: skip
                summary = cells(f"Total {account['name']}", whole, count)
                rows.append(section(None, inside, summary, header=header))
            elif any(own):
                rows.append({**cells(account["name"], own, count, number=account["id"],
                                     blank=True), "type": "Data"})  # fmt: skip
        return rows, total

    def _columns(self, periods: list[Period], *, has_total: bool) -> Json:
        columns: list[Json] = [{"ColTitle": "", "ColType": "Account",
                                "MetaData": [{"Name": "ColKey", "Value": "account"}]}]  # fmt: skip
        for period in periods:
            if period.title == "Total":
                columns.append(_money_column("Total", "total"))
            else:
                column = _money_column(period.title, period.title)
                column["MetaData"] = [
                    {"Name": "StartDate", "Value": period.first.isoformat()},
                    {"Name": "EndDate", "Value": period.last.isoformat()},
                    *column["MetaData"],
                ]
                columns.append(column)
        if has_total:
            columns.append(_money_column("TOTAL", "total"))
        return {"Column": columns}

    # --- the reports ----------------------------------------------------------------------

    def _profit_and_loss(self, ask: Ask) -> Json:
        periods = _periods(ask)
        sums = self._sums(ask, periods)
        has_total = ask.by != "Total"
        if has_total:
            sums = {number: [*values, sum(values)] for number, values in sums.items()}
        count = len(periods) + has_total
        sections: list[Json] = []
        totals: dict[str, list[int]] = {}
        for kind, sign, title, group in (
            ("Income", -1, "Income", "Income"), ("Cost of Goods Sold", 1, "Cost of Goods Sold",
             "COGS"), ("Expense", 1, "Expenses", "Expenses"), ("Other Income", -1, "Other Income",
             "OtherIncome"), ("Other Expense", 1, "Other Expenses", "OtherExpenses"),
        ):  # fmt: skip
            rows, totals[group] = self._tree((kind,), sums, sign, count)
            sections.append(section(title, rows, cells(f"Total {title}", totals[group], count),
                                    group, count=count))  # fmt: skip

        def less(first: list[int], second: list[int]) -> list[int]:
            return [one - other for one, other in zip(first, second, strict=True)]

        gross = less(totals["Income"], totals["COGS"])
        operating = less(gross, totals["Expenses"])
        other = less(totals["OtherIncome"], totals["OtherExpenses"])
        net = added([operating, other], count)
        for place, title, group, values in (
            (2, "Gross Profit", "GrossProfit", gross),
            (4, "Net Operating Income", "NetOperatingIncome", operating),
            (7, "Net Other Income", "NetOtherIncome", other), (8, "Net Income", "NetIncome", net),
        ):  # fmt: skip
            sections.insert(place, section(None, [], cells(title, values, count), group))
        return {"Columns": self._columns(periods, has_total=has_total),
                "Rows": {"Row": sections} if sums else {}}  # fmt: skip

    def _balance_sheet(self, ask: Ask) -> Json:
        periods = _periods(ask)
        count = len(periods)
        sums = self._sums(ask, periods, until_end=True)

        def part(
            title: str, group: str, types: tuple[str, ...], sign: int
        ) -> tuple[Json, list[int]]:
            rows, total = self._tree(types, sums, sign, count)
            return section(title, rows, cells(f"Total {title}", total, count), group,
                           count=count), total  # fmt: skip

        def whole(title: str, group: str, parts: list[tuple[Json, list[int]]],
                  summary: str | None = None) -> tuple[Json, list[int]]:  # fmt: skip
            total = added([values for _, values in parts], count)
            return section(title, [made for made, _ in parts],
                           cells(summary or f"Total {title}", total, count), group,
                           count=count), total  # fmt: skip

        current = whole("Current Assets", "CurrentAssets", [
            part("Bank Accounts", "BankAccounts", ("Bank",), 1),
            part("Accounts Receivable", "AR", ("Accounts Receivable",), 1),
            part("Other Current Assets", "OtherCurrentAssets", ("Other Current Asset",), 1),
        ])  # fmt: skip
        fixed = part("Fixed Assets", "FixedAssets", ("Fixed Asset",), 1)
        assets, _ = whole("ASSETS", "TotalAssets", [current, fixed], "TOTAL ASSETS")
        short = whole("Current Liabilities", "CurrentLiabilities", [
            part("Accounts Payable", "AP", ("Accounts Payable",), -1),
            part("Credit Cards", "CreditCards", ("Credit Card",), -1),
            part("Other Current Liabilities", "OtherCurrentLiabilities",
                 ("Other Current Liability",), -1),
        ])  # fmt: skip
        long = part("Long-Term Liabilities", "LongTermLiabilities", ("Long Term Liability",), -1)
        owed = whole("Liabilities", "Liabilities", [short, long])
        equity = self._equity(ask, periods, sums)
        claims, _ = whole("LIABILITIES AND EQUITY", "TotalLiabilitiesAndEquity", [owed, equity],
                          "TOTAL LIABILITIES AND EQUITY")  # fmt: skip
        return {"Columns": self._columns(periods, has_total=False),
                "Rows": {"Row": [assets, claims]} if sums else {}}  # fmt: skip

    def _equity(self, ask: Ask, periods: list[Period],
                sums: dict[int, list[int]]) -> tuple[Json, list[int]]:  # fmt: skip
        """Equity: its accounts, what earlier years earned, and what this year earned so far."""
        count = len(periods)
        earned = [account["id"] for account in self._accounts if account["type"] in EARNINGS]
        ever = added([sums[number] for number in earned if number in sums], count)
        ends = {period.last.year: date(period.last.year - 1, 12, 31) for period in periods}
        earlier = {
            year: sum(values[0] for number, values in self._sums(
                ask, [Period("", end, end)], until_end=True).items() if number in earned)
            for year, end in ends.items()
        }  # fmt: skip
        before = [earlier[period.last.year] for period in periods]
        rows, total = self._tree(("Equity",), sums, -1, count)
        retained = [-cents for cents in before]
        net = [past - all_of_it for past, all_of_it in zip(before, ever, strict=True)]
        rows.append({**cells("Retained Earnings", retained, count, number=Account.RETAINED,
                             blank=True), "type": "Data"})  # fmt: skip
        rows.append({**cells("Net Income", net, count, blank=True), "type": "Data",
                     "group": "NetIncome"})  # fmt: skip
        total = added([total, retained, net], count)
        return section("Equity", rows, cells("Total Equity", total, count), "Equity",
                       count=count), total  # fmt: skip

    def _trial_balance(self, ask: Ask) -> Json:
        """Balances at the end; income and expenses since the year began."""
        period = [Period("Total", ask.first, ask.last)]
        year = date(ask.last.year, 1, 1)
        sums = self._sums(ask, period, until_end=True)
        of_year = self._sums(ask, period, until_end=True, since=year)
        rows: list[Json] = []
        debit, credit = 0, 0
        balances: dict[int, int] = {}
        for account in self._accounts:
            number = account["id"]
            source = of_year if account["type"] in EARNINGS else sums
            balances[number] = source[number][0] if number in source else 0
            if account["type"] in EARNINGS and number in sums:
                earlier = sums[number][0] - balances[number]
                balances[Account.RETAINED] = balances.get(Account.RETAINED, 0) + earlier
        for account in self._accounts:
            cents = balances[account["id"]]
            if cents == 0:
                continue
            debit, credit = debit + max(cents, 0), credit + max(-cents, 0)
            rows.append({"ColData": [
                {"value": account["name"], "id": str(account["id"])},
                {"value": amount(cents) if cents > 0 else ""},
                {"value": amount(-cents) if cents < 0 else ""},
            ]})  # fmt: skip
        if rows:
            rows.append({"Summary": {"ColData": [{"value": "TOTAL"}, {"value": amount(debit)},
                                                 {"value": amount(credit)}]},
                         "type": "Section", "group": "GrandTotal"})  # fmt: skip
        columns = [{"ColTitle": "", "ColType": "Account"}, {"ColTitle": "Debit", "ColType":
                   "Money"}, {"ColTitle": "Credit", "ColType": "Money"}]  # fmt: skip
        return {"Columns": {"Column": columns}, "Rows": {"Row": rows} if rows else {}}


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


# The last day of the column that a day falls into, by what columns are summarized by.
ENDS: dict[str, Callable[[date], date]] = {
    "Total": lambda _day: date.max,
    "Days": lambda day: day,
    "Week": lambda day: day + timedelta(days=6 - (day.weekday() + 1) % 7),
    "Month": _month_end,
    "Quarter": lambda day: _month_end(day.replace(month=(day.month - 1) // 3 * 3 + 3, day=1)),
    "Year": lambda day: date(day.year, 12, 31),
}


def _named_dates(macro: str, today: date) -> tuple[date, date]:
    """The days that a macro stands for; the fiscal year is the calendar's."""
    name = macro.lower().replace("calendar", "fiscal")
    month, year = today.replace(day=1), date(today.year, 1, 1)
    before = month - timedelta(days=1)
    known = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "this month": (month, _month_end(today)), "this month-to-date": (month, today),
        "last month": (before.replace(day=1), before),
        "this fiscal year": (year, date(today.year, 12, 31)),
        "this fiscal year-to-date": (year, today),
        "last fiscal year": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        "all": (date(2000, 1, 1), today),
    }  # fmt: skip
    if name not in known:
        raise QuickBooksError("Invalid Enumeration", f"{macro} is not one of "
                              f"{', '.join(known)}", "2170", element="date_macro")  # fmt: skip
    return known[name]


def _money_column(title: str, key: str) -> Json:
    return {"ColTitle": title, "ColType": "Money", "MetaData": [{"Name": "ColKey", "Value": key}]}


def _day(query: dict[str, str], field: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(query[field]) if query.get(field) else otherwise
    except ValueError:
        raise QuickBooksError("Invalid Date", f"Invalid value specified for {field}: "
                              f"{query[field]}", "5030", element=field) from None  # fmt: skip


def _periods(ask: Ask) -> list[Period]:
    """The columns of a report."""
    found: list[Period] = []
    day = ask.first
    while day <= ask.last:
        end = min(ENDS[ask.by](day), ask.last)
        found.append(Period(_title(ask.by, day, end), day, end))
        day = end + timedelta(days=1)
    return found


def _title(by: str, first: date, last: date) -> str:
    if by in ("Total", "Year"):
        return "Total" if by == "Total" else f"{first:%Y}"
    if by == "Month":
        return f"{first:%b %Y}"
    if by == "Days":
        return f"{first:%b} {first.day}, {first.year}"
    return f"{first:%b} {first.day} - {last:%b} {last.day}, {last.year}"
