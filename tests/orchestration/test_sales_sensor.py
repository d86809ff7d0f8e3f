"""The sensor that asks for new sales: when it asks for a run, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

import dagster as dg
import pytest

from ingestion.sources.news import News
from orchestration.defs.automation import sensors
from orchestration.defs.automation.sensors import new_sales
from orchestration.resources import BUSINESS_TAG, BUSINESS_VARIABLE, BusinessResource
from warehouse.business import Business
from warehouse.database import Warehouse

NOON = datetime(2026, 9, 30, 12, tzinfo=timezone(timedelta(hours=-4)))


class Tills:
    """Two sources, as far as the sensor asks them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.newest = {"square": NOON, "shopify": NOON}
        self.problems: dict[str, str] = {}
        self.asked = 0
        monkeypatch.setattr(sensors, "ask_for_news", self.ask)

    def ask(self, _warehouse: Warehouse, since: Mapping[str, datetime]) -> News:
        self.asked += 1
        told = [name for name, moment in self.newest.items() if moment > since.get(name, NOON)]
        return News(dict(self.newest), told, dict(self.problems))


@pytest.fixture
def tills(monkeypatch: pytest.MonkeyPatch) -> Tills:
    monkeypatch.setattr(Business, "now", lambda _: NOON)
    return Tills(monkeypatch)


def _tick(
    shop: Warehouse, instance: dg.DagsterInstance, cursor: str | None = None
) -> dg.SensorResult | dg.SkipReason:
    resources = {"business": BusinessResource()}
    with (
        pytest.MonkeyPatch.context() as patch,
        dg.build_sensor_context(instance, cursor, resources=resources) as context,
    ):
        patch.setenv(BUSINESS_VARIABLE, str(shop.business.folder))
        found = new_sales(context)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def _requests(found: dg.SensorResult | dg.SkipReason) -> int:
    return len(found.run_requests or []) if isinstance(found, dg.SensorResult) else 0


def test_one_run_for_what_was_sold_and_none_without_news(
    warehouse_factory: Callable[..., Warehouse], tills: Tills
) -> None:
    shop, other = warehouse_factory(), warehouse_factory()
    with dg.instance_for_test() as instance:
        first = _tick(shop, instance)
        assert isinstance(first, dg.SensorResult)
        assert _requests(first) == 0, "what was sold before is loaded already"
        tills.newest["square"] += timedelta(seconds=1)
        second = _tick(shop, instance, first.cursor)
        assert isinstance(second, dg.SensorResult)
        (request,) = second.run_requests or []
        assert request.run_config == {"resources": {"options": {"config": {"only_sales": True}}}}
        assert request.tags[BUSINESS_TAG] == shop.business.id
        assert _requests(_tick(shop, instance, second.cursor)) == 0
        # Another business that is shown meanwhile has sales of its own.
        assert _requests(_tick(other, instance, first.cursor)) == 1


def test_each_hour_moves_on_what_is_usual_by_now(
    warehouse_factory: Callable[..., Warehouse], tills: Tills, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = warehouse_factory()
    with dg.instance_for_test() as instance:
        first = _tick(shop, instance)
        assert isinstance(first, dg.SensorResult)
        monkeypatch.setattr(Business, "now", lambda _: NOON + timedelta(hours=1))
        later = _tick(shop, instance, first.cursor)
        assert isinstance(later, dg.SensorResult)
        assert _requests(later) == 1
        assert _requests(_tick(shop, instance, later.cursor)) == 0


def test_a_run_is_left_in_peace_and_one_of_another_business_is_not_waited_for(
    warehouse_factory: Callable[..., Warehouse], tills: Tills
) -> None:
    shop = warehouse_factory()
    with dg.instance_for_test() as instance:
        for business in ("another", shop.business.id):
            instance.create_run_for_job(
                dg.job(name="j")(lambda: None), tags={BUSINESS_TAG: business},
                status=dg.DagsterRunStatus.STARTED,
            )  # fmt: skip
            _tick(shop, instance)
    assert tills.asked == 1


def test_a_shop_without_tills_is_asked_nothing_more(
    warehouse_factory: Callable[..., Warehouse], tills: Tills
) -> None:
    tills.newest = {}
    with dg.instance_for_test() as instance:
        assert isinstance(_tick(warehouse_factory(), instance), dg.SkipReason)
