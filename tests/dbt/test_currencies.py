"""A business that counts in euros and sells in dollars agrees with its reports every day."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from sandbox.world import WorldSettings
from tests.dbt.building import load
from tests.dbt.served_business import served_business


def test_days_agree_with_the_reports_at_the_rate_of_the_day(tmp_path: Path) -> None:
    settings = WorldSettings(seed=4, years=0.1, orders_per_day=20)
    models = "+rpt_reconciliation +fct_payments"
    with served_business(settings, tmp_path, timedelta(0), models, "EUR") as business:
        assert business.rows(
            "select distinct exclusion_reason from fct_sale_lines where exchange_rate is not null "
            "or is_counted"
        ) == []  # fmt: skip
        folder = business.warehouse.business.inbox / "exchange_rates"
        folder.mkdir()
        dice = random.Random(1)
        last = business.world.ends_at.date()
        days = [last - timedelta(days=back) for back in range(60)]
        lines = [f"{day},EUR,USD,{1.1 + dice.random() / 10:.4f}" for day in days
                 if day.weekday() < 5]  # fmt: skip
        text = "rate_date,currency_code,to_currency_code,rate\n" + "\n".join(lines) + "\n"
        (folder / "bank.csv").write_text(text, encoding="utf-8")
        load(business.warehouse)
        business.build()

        explained = business.rows(
            "select source_system, explanation, count(*) > 100, max(abs(difference_amount)) "
            "from rpt_reconciliation where explanation = 'equal' or explanation = 'unexplained' "
            "group by 1, 2 order by 1, 2"
        )
        assert [row[:3] for row in explained] == [
            ("shopify", "equal", True), ("square", "equal", True),
        ]  # fmt: skip
        assert {row[3] for row in explained} == {0}
        # What buyers paid in their own money, dollars in the shop, euros in the books.
        assert business.rows(
            "select distinct currency_code, shop_currency_code from fct_sale_lines"
        ) == [("EUR", "USD")]
        shown = business.rows("select distinct source_currency_code from fct_sale_lines")
        assert len(shown) > 1
        assert business.rows(
            "select count(*) from fct_payments where currency_code <> 'EUR' "
            "or abs(payment_amount - source_amount * exchange_rate) > 0.000001"
        ) == [(0,)]
