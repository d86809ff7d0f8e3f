"""Every fault that can be switched on, as a client on a real socket meets it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault, FaultPlan, FaultyApp
from sandbox.serving import serving

ORDERS = {
    "orders": [{"id": number, "total": f"{number}.00", "note": "x" * 200} for number in range(200)]
}


async def _orders(request: Request) -> Response:
    await request.body()
    return JSONResponse(ORDERS)


@dataclass
class Service:
    """A small service with a plan of faults in front."""

    address: str
    plan: FaultPlan

    def get(self, path: str = "/orders", body: str = "", timeout: float = 5) -> requests.Response:
        return requests.post(self.address + path, data=body, timeout=timeout)


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    plan = FaultPlan(seed=5)
    routes = [Route(path, _orders, methods=["POST"]) for path in ("/orders", "/items")]
    with serving(FaultyApp(Starlette(routes=routes), plan)) as address:
        yield Service(address, plan)


@pytest.fixture
def service(running: Service) -> Service:
    running.plan.clear()
    return running


def test_without_faults_answers_pass_unchanged(service: Service) -> None:
    assert service.get().json() == ORDERS
    assert service.plan.struck == []


@pytest.mark.parametrize("retry_after", ["2", None])
def test_too_many_requests_with_and_without_a_hint_when_to_retry(
    service: Service, retry_after: str | None
) -> None:
    service.plan.add(Fault("status", status=429, retry_after=retry_after))
    response = service.get()
    assert response.status_code == 429
    assert response.headers.get("Retry-After") == retry_after


@pytest.mark.parametrize("status", [500, 502])
def test_server_errors_come_with_the_body_given(service: Service, status: int) -> None:
    service.plan.add(Fault("status", status=status, answer="<html>Bad Gateway</html>"))
    response = service.get()
    assert (response.status_code, response.text) == (status, "<html>Bad Gateway</html>")


def test_a_token_can_expire_in_the_middle_of_paging(service: Service) -> None:
    service.plan.add(Fault("status", status=401, answer='{"errors":"expired"}', nth=(3,)))
    assert [service.get().status_code for _ in range(4)] == [200, 200, 401, 200]


def test_a_hanging_request_ends_in_the_clients_time_out(service: Service) -> None:
    service.plan.add(Fault("hang", nth=(1,)))
    with pytest.raises(requests.exceptions.ReadTimeout):
        service.get(timeout=0.3)
    assert service.get().status_code == 200


def test_a_hang_that_outlives_its_time_ends_without_an_answer(service: Service) -> None:
    service.plan.add(Fault("hang", seconds=0.1))
    with pytest.raises(requests.exceptions.ConnectionError):
        service.get()


def test_a_connection_is_reset_in_the_middle_of_the_body(service: Service) -> None:
    service.plan.add(Fault("reset", nth=(1,)))
    response = requests.post(service.address + "/orders", stream=True, timeout=5)
    assert response.status_code == 200
    pieces: list[bytes] = []
    with pytest.raises(requests.exceptions.RequestException):
        pieces.extend(response.iter_content(1000))
    assert 0 < len(b"".join(pieces)) < int(response.headers["Content-Length"])
    assert service.get().json() == ORDERS


def test_json_can_end_in_the_middle_of_a_complete_answer(service: Service) -> None:
    service.plan.add(Fault("truncate"))
    response = service.get()
    assert len(response.content) == int(response.headers["Content-Length"])
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.text)


def test_fields_can_appear_vanish_and_change_their_type(service: Service) -> None:
    service.plan.add(
        Fault("add_field", target="orders.*.colour", value="red", nth=(1,)),
        Fault("remove_field", target="orders.0.total", nth=(2,)),
        Fault("change_field", target="orders.*.total", value={"amount": 1}, nth=(3,)),
    )
    added, removed, changed = (service.get().json()["orders"] for _ in range(3))
    assert {row["colour"] for row in added} == {"red"}
    assert ("total" in removed[0], "total" in removed[1]) == (False, True)
    assert changed[5]["total"] == {"amount": 1}


def test_a_slow_answer_arrives_whole(service: Service) -> None:
    service.plan.add(Fault("drip", seconds=0.4))
    begun = time.monotonic()
    assert service.get().json() == ORDERS
    assert time.monotonic() - begun >= 0.4


def test_faults_strike_by_path_body_and_count(service: Service) -> None:
    service.plan.add(
        Fault("status", path="/items$", status=502),
        Fault("status", body="cursor.*abc", status=500, nth=(2,)),
    )
    assert service.get("/items").status_code == 502
    statuses = [service.get(body='{"cursor": "abc"}').status_code for _ in range(3)]
    assert statuses == [200, 500, 200]
    assert service.get(body='{"cursor": "xyz"}').status_code == 200
    assert service.plan.struck == [("status", "/items"), ("status", "/orders")]


def test_chance_is_the_same_for_the_same_seed() -> None:
    def draws(seed: int) -> list[bool]:
        plan = FaultPlan([Fault("status", probability=0.3)], seed)
        return [plan.choose("/orders", b"") is not None for _ in range(200)]

    assert draws(1) == draws(1)
    assert draws(1) != draws(2)
    assert 40 <= sum(draws(1)) <= 80
