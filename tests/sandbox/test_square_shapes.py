"""Every body the sandbox's Square sends fits the official client's own types, field by field."""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Literal

import pydantic
import pytest

from sandbox.square.paging import Call
from sandbox.square.server import Square
from sandbox.square.webhooks import notifications
from sandbox.world import World, WorldSettings, generate

Json = dict[str, Any]
NOW = datetime(2026, 9, 20, 16, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    generate(WorldSettings(seed=12, years=0.3, orders_per_day=60), folder).close()
    opened = World(folder, now=NOW)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def square(world: World) -> Square:
    return Square(world)


def _type(name: str) -> Any:
    """A type of the client; each is in a module of its own."""
    return getattr(import_module("square.types." + re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()),
                   name)  # fmt: skip


def misfits(value: Any, expected: Any, path: str = "$") -> Iterator[str]:
    """Where a JSON value is not of a type of the client: unknown and missing fields, unknown
    words of an enumeration, wrong kinds."""
    options = _options(expected)
    models = [one for one in options if _is_model(one)]
    words = [word for one in options for word in _words(one)]
    if value is None:
        yield f"{path}: null is never sent"
    elif models:
        yield from _misfits_of_object(value, models, path)
    elif any(typing.get_origin(one) is list for one in options):
        inner = next(one for one in options if typing.get_origin(one) is list)
        if not isinstance(value, list):
            yield f"{path}: no list"
            return
        for index, one in enumerate(value):
            yield from misfits(one, typing.get_args(inner)[0], f"{path}[{index}]")
    elif words:
        if value not in words:
            yield f"{path}: {value!r} is none of {words[:5]}..."
    elif Any not in options and not any(_is_kind(value, one) for one in options):
        yield f"{path}: {value!r} is none of {options}"


def _misfits_of_object(value: Any, models: list[type[pydantic.BaseModel]],
                       path: str) -> Iterator[str]:  # fmt: skip
    if not isinstance(value, dict):
        yield f"{path}: no object"
        return
    # Of a union, the member whose fixed ``type`` is the value's.
    model = next((one for one in models if _tag(one) in (None, value.get("type"))), models[0])
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    for key, inner in value.items():
        if key not in fields:
            yield f"{path}.{key}: not a field of {model.__name__}"
        else:
            yield from misfits(inner, fields[key].annotation, f"{path}.{key}")
    for key, field in fields.items():
        if field.is_required() and key not in value:
            yield f"{path}.{key}: required by {model.__name__}"


def _options(expected: Any) -> list[Any]:
    origin = typing.get_origin(expected)
    if origin is typing.Annotated:
        return _options(typing.get_args(expected)[0])
    if origin in (typing.Union, types.UnionType):
        return [one for part in typing.get_args(expected) for one in _options(part)]
    return [expected]


def _is_model(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, pydantic.BaseModel)


def _words(one: Any) -> list[Any]:
    return list(typing.get_args(one)) if typing.get_origin(one) is Literal else []


def _tag(model: type[pydantic.BaseModel]) -> Any:
    field = model.model_fields.get("type")
    words = _words(field.annotation) if field else []
    return words[0] if words else None


def _is_kind(value: Any, expected: Any) -> bool:
    if expected is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if typing.get_origin(expected) is dict:
        return isinstance(value, dict)
    return isinstance(expected, type) and isinstance(value, expected)


def _call(path: dict[str, str] | None = None, query: dict[str, str] | None = None,
          **body: Any) -> Call:  # fmt: skip
    return Call(path or {}, query or {}, body)


def test_a_body_that_does_not_fit_is_found_out() -> None:
    body = {"orders": [{"location_id": 7, "state": "DONE", "colour": "red", "tenders": [{}]}]}
    found = sorted(misfits(body, _type("SearchOrdersResponse")))
    assert [line.partition(":")[0] for line in found] == [
        "$.orders[0].colour", "$.orders[0].location_id", "$.orders[0].state",
        "$.orders[0].tenders[0].type",
    ]  # fmt: skip


def test_every_answer_fits_the_clients_types(square: Square) -> None:
    places = [place["id"] for place in square.locations(_call())["locations"]]
    payouts = square.payouts_sent.payouts(_call())
    payout = {"payout_id": payouts["payouts"][0]["id"]}
    answers = {
        "SearchOrdersResponse": square.search_orders(_call(location_ids=places, limit=1000)),
        "ListPaymentsResponse": square.payments(_call()),
        "ListPaymentRefundsResponse": square.refunds(_call()),
        "ListLocationsResponse": square.locations(_call()),
        "ListMerchantsResponse": square.merchants(_call()),
        "SearchCustomersResponse": square.customers(_call()),
        "ListCatalogResponse": square.list_catalog(_call()),
        "SearchCatalogObjectsResponse": square.search_catalog(
            _call(include_deleted_objects=True, limit=1000)
        ),
        "BatchGetInventoryCountsResponse": square.inventory.counts(_call()),
        "BatchGetInventoryChangesResponse": square.inventory.changes(_call()),
        "SearchTeamMembersResponse": square.team.members(_call()),
        "SearchTimecardsResponse": square.team.timecards(_call()),
        "ListPayoutsResponse": payouts,
        "GetPayoutResponse": square.payouts_sent.payout(_call(payout)),
        "ListPayoutEntriesResponse": square.payouts_sent.entries(_call(payout)),
    }
    wrong = {
        name: found
        for name, answer in answers.items()
        if (found := list(misfits(json.loads(json.dumps(answer)), _type(name))))
    }
    assert {name: (len(found), found[:3]) for name, found in wrong.items()} == {}
    assert all(any(isinstance(member, list) and member for member in answer.values())
               for name, answer in answers.items() if name != "GetPayoutResponse")  # fmt: skip


def test_every_webhook_fits_the_clients_types(world: World, square: Square) -> None:
    happened = world.advance(NOW + timedelta(days=3))
    bodies = notifications(square.books, happened)
    models = {"order.created": "OrderCreatedEvent", "order.updated": "OrderUpdatedEvent",
              "payment.created": "PaymentCreatedEvent",
              "refund.created": "RefundCreatedEvent"}  # fmt: skip
    assert {body["type"] for body in bodies} == set(models)
    for body in bodies:
        model = _type(models[body["type"]])
        assert list(misfits(body, model)) == []
