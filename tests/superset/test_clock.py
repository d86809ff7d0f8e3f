"""Words for periods mean the days of the business, wherever its computer stands."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from orchestration.ops.services import SUPERSET_PYTHON, superset_environment
from warehouse.database import Warehouse

# Between them there is always a day's difference: at least one is not at the computer's date.
ZONES = ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Auckland", "America/Los_Angeles")
ASK = """
import json
from superset.utils.date_parser import get_since_until
print(json.dumps({text: [str(one.date()) for one in get_since_until(text)]
                  for text in ("Current day", "Last day")}))
"""


@pytest.mark.parametrize("zone", ZONES)
def test_the_period_filter_goes_by_the_shops_clock(
    warehouse_factory: Callable[..., Warehouse], zone: str
) -> None:
    shop = warehouse_factory(time_zone=zone)
    before = shop.business.today()
    asked = subprocess.run(
        [str(SUPERSET_PYTHON), "-c", ASK],
        env=os.environ | superset_environment(shop),
        capture_output=True,
        text=True,
        check=True,
    )
    periods = json.loads(asked.stdout.splitlines()[-1])
    assert periods in [_periods(day) for day in {before, shop.business.today()}]


def _periods(today: date) -> dict[str, list[str]]:
    day = timedelta(days=1)
    return {
        "Current day": [str(today), str(today + day)],
        "Last day": [str(today - day), str(today)],
    }
