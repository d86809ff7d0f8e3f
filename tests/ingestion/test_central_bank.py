"""Reference rates: the bank's archive, served on a real port, becomes a file that the hub loads."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ingestion.sources.central_bank import save_reference_rates
from ingestion.sources.spreadsheets import load_inbox
from sandbox.serving import serving
from tests.conftest import run_hub_command
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.vault import open_vault

ARCHIVE = """\
Date,USD,JPY,GBP,LTL,
2026-03-03,1.1700,182.55,0.8650,N/A,
2026-03-02,1.1712,182.10,N/A,N/A,
1999-01-04,1.1789,133.73,0.7111,4.717,
"""


def _bank(content: bytes, status: int = 200) -> Any:
    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": content})

    return app


def _archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("eurofxref-hist.csv", ARCHIVE)
    return held.getvalue()


def test_rates_since_a_day_are_loaded_as_published(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    warehouse = warehouse_factory()
    with serving(_bank(_archive())) as address:
        save_reference_rates(warehouse.business, ["GBP"], date(2026, 3, 1), address)
    report = load_inbox(warehouse.business, warehouse, open_vault(warehouse))
    assert not report.has_failures, report.to_text()
    with warehouse.connect("loader") as connection:
        assert connection.execute(
            "select rate_date::text, currency_code, to_currency_code, rate, rate_source "
            "from raw_spreadsheets.exchange_rates order by 1, 3"
        ).fetchall() == [
            ("2026-03-02", "EUR", "USD", Decimal("1.1712"), "European Central Bank"),
            ("2026-03-03", "EUR", "GBP", Decimal("0.8650"), "European Central Bank"),
            ("2026-03-03", "EUR", "USD", Decimal("1.1700"), "European Central Bank"),
        ]


@pytest.mark.parametrize(
    ("content", "status", "currency", "said"),
    [
        (b"busy", 503, "GBP", "could not be read"),
        (b"<html>", 200, "GBP", "could not be read"),
        (_archive(), 200, "XAU", "no rates of XAU"),
    ],
)
def test_what_the_bank_does_not_give_is_said_and_nothing_is_written(
    warehouse_factory: Callable[..., Warehouse],
    content: bytes, status: int, currency: str, said: str,
) -> None:  # fmt: skip
    business = warehouse_factory().business
    with serving(_bank(content, status)) as address, pytest.raises(HubError, match=said):
        save_reference_rates(business, [currency], date(2026, 3, 1), address)
    assert not (business.inbox / "exchange_rates" / "european_central_bank.csv").exists()


def test_the_command_says_where_the_rates_are(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    warehouse = warehouse_factory()
    folder = str(warehouse.business.folder)
    with serving(_bank(_archive())) as address:
        done = run_hub_command("rates", "eur", "--address", address, "--business", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Rates of EUR since 1999-01-04 are in" in done.stdout
