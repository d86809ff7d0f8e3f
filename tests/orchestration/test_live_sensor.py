"""The sensor that looks for new sales: what it remembers, and when it holds back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg
import pytest

from orchestration.defs.automation import sensors
from orchestration.defs.automation.sensors import sales_of_today
from orchestration.live import LIVE_MARTS, Look
from orchestration.reporting.failures import BUSINESS_TAG
from orchestration.resources import BusinessResource
from warehouse.database import Warehouse

NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)


def _tick(shop: Warehouse, instance: dg.DagsterInstance, cursor: str | None = None) -> object:
    resources = {"business": BusinessResource(folder=str(shop.business.folder))}
    with dg.build_sensor_context(instance, cursor, resources=resources) as context:
        return sales_of_today(context)


def _finds(found: Look, asked: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_warehouse: object, _vault: object, newest: object, built_at: object) -> Look:
        asked.append((newest, built_at))
        return found

    monkeypatch.setattr(sensors, "look", look)


def test_what_came_shows_as_materialized_and_is_remembered(
    warehouse_factory: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, other = warehouse_factory(), warehouse_factory()
    asked: list[object] = []
    _finds(Look({"square": NOON}, {"square": 2}, NOON), asked, monkeypatch)
    with dg.instance_for_test() as instance:
        first = _tick(shop, instance)
        assert isinstance(first, dg.SensorResult)
        told = {event.asset_key.path[-1] for event in first.asset_events}
        assert told == {"orders", *LIVE_MARTS}
        _tick(shop, instance, first.cursor)
        _tick(other, instance, first.cursor)
    assert asked == [({}, None), ({"square": NOON}, NOON), ({}, None)]


def test_a_run_is_left_in_peace_and_one_of_another_business_is_not_waited_for(
    warehouse_factory: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = warehouse_factory()
    asked: list[object] = []
    _finds(Look({}), asked, monkeypatch)
    with dg.instance_for_test() as instance:
        for business in ("another", shop.business.id):
            instance.create_run_for_job(
                dg.job(name="j")(lambda: None), tags={BUSINESS_TAG: business},
                status=dg.DagsterRunStatus.STARTED,
            )  # fmt: skip
            _tick(shop, instance)
    assert len(asked) == 1
