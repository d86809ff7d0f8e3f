"""Daily reference rates of the European Central Bank, as a file of the kind exchange_rates.

The bank publishes one archive with every working day since 1999: the worth of one euro in about
thirty currencies. https://www.ecb.europa.eu/stats/policy_and_exchange_rates/
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import httpx

from warehouse.business import Business
from warehouse.errors import HubError

BASE = "EUR"
SOURCE_NAME = "European Central Bank"
FILE_NAME = "european_central_bank.csv"
MISSING = ("", "N/A")


def save_reference_rates(business: Business, currencies: Iterable[str], since: date,
                         address: str) -> Path:  # fmt: skip
    """Write the rates of some currencies into the inbox of a business.

    Args:
        currencies: ISO 4217 codes; the business's own is added.
        since: first day.
        address: where the archive is.

    Raises:
        HubError: the bank does not answer, or has no rates of a currency.
    """
    wanted = sorted({*currencies, business.currency_code} - {BASE})
    rows = list(csv.DictReader(io.StringIO(_download(address))))
    unknown = [code for code in wanted if not rows or code not in rows[0]]
    if unknown:
        raise HubError(
            f"The European Central Bank has no rates of {', '.join(unknown)}.",
            fix="Put rates of your bank into inbox/exchange_rates (docs/templates.md).",
        )
    path = business.inbox / "exchange_rates" / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [("rate_date", "currency_code", "to_currency_code", "rate", "rate_source")]
    for row in sorted(rows, key=lambda each: each["Date"]):
        if row["Date"] >= since.isoformat():
            lines += [(row["Date"], BASE, code, row[code], SOURCE_NAME)
                      for code in wanted if row[code] not in MISSING]  # fmt: skip
    # Complete or not at all: a load may be reading the folder.
    unfinished = path.with_name(f".{FILE_NAME}")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    unfinished.replace(path)
    return path


def _download(address: str) -> str:
    """The archive's only file."""
    try:
        answer = httpx.get(address, timeout=30, follow_redirects=True).raise_for_status()
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            return archive.read(archive.namelist()[0]).decode("utf-8-sig")
    except (httpx.HTTPError, zipfile.BadZipFile, IndexError) as error:
        raise HubError(
            f"The rates of the European Central Bank could not be read ({type(error).__name__}).",
            fix="Try again later; or put rates of your bank into inbox/exchange_rates.",
        ) from error
