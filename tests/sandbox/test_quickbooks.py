"""QuickBooks' stand-in, driven by the official clients; shapes follow Intuit's schema."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    UnsupportedException,
    ValidationException,
)
from quickbooks.objects import (
    Account,
    Bill,
    BillPayment,
    CompanyInfo,
    CreditMemo,
    Customer,
    Deposit,
    Invoice,
    Item,
    JournalEntry,
    Payment,
    Purchase,
    RefundReceipt,
    SalesReceipt,
    Transfer,
    Vendor,
    VendorCredit,
)
from quickbooks.objects.creditcardpayment_entity import CreditCardPayment

from sandbox.oauth import OAuthServer
from sandbox.quickbooks import quickbooks_app
from sandbox.quickbooks.entities import DOCUMENTS, ENTITIES, LISTS
from sandbox.serving import serving
from sandbox.world import World, WorldSettings, generate

COMPANY = "9341453000000001"
TOKEN = "sandbox-token"
SCHEMA = json.loads((Path(__file__).parent / "quickbooks_types.json").read_text())
TYPES = (Invoice, SalesReceipt, Payment, CreditMemo, RefundReceipt, Bill, BillPayment,
         VendorCredit, Purchase, Deposit, Transfer, JournalEntry, CreditCardPayment)  # fmt: skip
JSON = {"Accept": "application/json", "Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    settings = WorldSettings(seed=5, years=0.25, orders_per_day=60)
    return generate(settings, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def served(world: World) -> Iterator[tuple[OAuthServer, str]]:
    sign_in = OAuthServer()
    sign_in.personal_token("quickbooks", TOKEN)
    api = quickbooks_app(world, lambda token: sign_in.holder(token) is not None)
    with serving(sign_in.app(api)) as address:
        yield sign_in, address


@pytest.fixture(scope="module")
def client(served: tuple[OAuthServer, str]) -> Iterator[QuickBooks]:
    sign_in, address = served
    discovery = f"{address}/.well-known/openid_configuration"
    consent = AuthClient("hub-client", "hub-secret", "http://localhost/back", discovery)
    consent.refresh(refresh_token=sign_in.grant("quickbooks").refresh_token)
    quickbooks = QuickBooks(auth_client=consent, company_id=COMPANY, minorversion=75)
    quickbooks.api_url_v3 = f"{address}/v3"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        yield quickbooks


@pytest.fixture(scope="module")
def http(served: tuple[OAuthServer, str]) -> Iterator[httpx.Client]:
    base = f"{served[1]}/v3/company/{COMPANY}/"
    with httpx.Client(base_url=base, headers=JSON, timeout=30) as plain:
        yield plain


@pytest.fixture(scope="module")
def documents(http: httpx.Client) -> dict[str, list[dict]]:
    return {name: everything(http, name) for name in DOCUMENTS}


def everything(http: httpx.Client, name: str, where: str = "") -> list[dict]:
    """All objects of an entity, a thousand at a time."""
    found: list[dict] = []
    while True:
        text = f"select * from {name} {where} startposition {len(found) + 1} maxresults 1000"
        page = http.get("query", params={"query": text}).raise_for_status().json()
        objects = page["QueryResponse"].get(ENTITIES[name.lower()].key, [])
        found += objects
        if len(objects) < 1000:
            return found


# --- the official clients ---------------------------------------------------------------------


def test_the_official_clients_sign_in_and_read_the_company(client: QuickBooks) -> None:
    company = CompanyInfo.get(COMPANY, qb=client)
    assert (company.CompanyName, company.Country) == ("Harbour & Hearth", "US")
    assert Account.count(qb=client) == 51
    retired = Vendor.filter(Active=False, qb=client)
    assert [vendor.DisplayName for vendor in retired] == ["Bluebird Couriers (closed)"]
    assert "Bluebird Couriers (closed)" not in [v.DisplayName for v in Vendor.all(qb=client)]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.qbo_object_name)
def test_every_type_of_document_comes_through_the_official_client(
    client: QuickBooks, kind: Any
) -> None:
    found = kind.all(max_results=5, qb=client)
    assert found
    again = kind.get(found[0].Id, qb=client)
    assert again.TxnDate == found[0].TxnDate
    assert again.to_json() == found[0].to_json()
    assert kind.count(qb=client) >= len(found)


def test_pages_of_any_size_give_every_receipt_once(
    client: QuickBooks, documents: dict[str, list[dict]]
) -> None:
    expected = [document["Id"] for document in documents["SalesReceipt"]]
    assert len(expected) == len(set(expected)) > 1000
    found: list[str] = []
    while True:
        page = SalesReceipt.all(start_position=len(found) + 1, max_results=317, qb=client)
        found += [receipt.Id for receipt in page]
        if len(page) < 317:
            break
    assert found == expected
    assert SalesReceipt.count(qb=client) == len(expected)


def test_conditions_choose_and_order(client: QuickBooks, documents: dict) -> None:
    found = Invoice.where("Balance > '0' AND TxnDate >= '2026-08-01'", order_by="TxnDate DESC",
                          max_results=1000, qb=client)  # fmt: skip
    expected = [i for i in documents["Invoice"] if i["Balance"] and i["TxnDate"] >= "2026-08-01"]
    assert {invoice.Id for invoice in found} == {invoice["Id"] for invoice in expected}
    dates = [invoice.TxnDate for invoice in found]
    assert dates == sorted(dates, reverse=True)
    ids = [document["Id"] for document in documents["Payment"][3:6]]
    assert [payment.Id for payment in Payment.choose(ids, qb=client)] == ids
    coffee = Item.where("Name LIKE '%Espresso%' AND Type = 'NonInventory'", qb=client)
    assert coffee
    assert all("Espresso" in item.Name for item in coffee)


def test_money_is_written_with_at_most_two_decimals(http: httpx.Client) -> None:
    text = http.get("query", params={"query": "select * from Invoice maxresults 1000"}).text
    amounts = re.findall(r'"(?:Amount|TotalAmt|Balance|HomeTotalAmt|TotalTax)":(-?[\d.e]+)', text)
    assert len(amounts) > 300
    assert all(re.fullmatch(r"-?\d+(\.\d{1,2})?", amount) for amount in amounts)


def test_changes_since_a_day_come_with_deletions(client: QuickBooks, http: httpx.Client) -> None:
    since = "2026-09-05T00:00:00-07:00"
    answer = change_data_capture([Purchase, Deposit, Customer], since, qb=client)
    assert answer.Deposit._object_list[0].TotalAmt > 0
    raw = http.get("cdc", params={"entities": "SalesReceipt,Purchase", "changedSince": since})
    objects = [each for part in raw.json()["CDCResponse"][0]["QueryResponse"]
               for name in ("SalesReceipt", "Purchase") for each in part.get(name, [])]  # fmt: skip
    gone = [each for each in objects if each.get("status") == "Deleted"]
    assert gone
    for each in gone:
        assert set(each) == {"Id", "domain", "status", "MetaData"}
        assert set(each["MetaData"]) == {"LastUpdatedTime"}
        with pytest.raises(ObjectNotFoundException):
            SalesReceipt.get(each["Id"], qb=client)
    kept = next(each for each in objects if each.get("status") != "Deleted")
    assert kept == http.get(f"salesreceipt/{kept['Id']}").json()["SalesReceipt"]


def test_a_thousand_changes_are_all_that_one_call_tells(http: httpx.Client, world: World) -> None:
    since = (world.now - timedelta(days=30)).isoformat()
    names = "SalesReceipt,Invoice,Payment,Deposit,JournalEntry"

    def told(entities: str) -> dict[str, int]:
        answer = http.get("cdc", params={"entities": entities, "changedSince": since}).json()
        parts = answer["CDCResponse"][0]["QueryResponse"]
        return {name: len(value) for part in parts for name, value in part.items()
                if isinstance(value, list)}  # fmt: skip

    together = told(names)
    apart = {name: told(name)[name] for name in names.split(",")}
    assert sum(together.values()) == 1000 < sum(apart.values())
    assert together != apart


def test_changed_data_reaches_thirty_days_back(client: QuickBooks, world: World) -> None:
    with pytest.raises(UnsupportedException, match="older than fixed days"):
        client.change_data_capture("Invoice", (world.now - timedelta(days=31)).isoformat())
    with pytest.raises(ValidationException, match="TaxRate"):
        client.change_data_capture("TaxRate", (world.now - timedelta(days=1)).isoformat())


def test_a_batch_holds_faults_in_an_answer_that_says_200(
    http: httpx.Client, client: QuickBooks
) -> None:
    answer = http.post("batch", json={"BatchItemRequest": [
        {"bId": "a", "Query": "select * from Term"}, {"bId": "b", "Query": "select * from Trem"},
        {"bId": "c", "Query": "select count(*) from Invoice"},
    ]})  # fmt: skip
    assert answer.status_code == 200
    first, second, third = answer.json()["BatchItemResponse"]
    assert (first["bId"], len(first["QueryResponse"]["Term"])) == ("a", 3)
    assert second["Fault"]["Error"][0]["code"] == "4001"
    assert third["QueryResponse"]["totalCount"] > 100
    many = {"BatchItemRequest": [{"bId": str(n), "Query": "select * from Term"}
                                 for n in range(31)]}  # fmt: skip
    assert http.post("batch", json=many).status_code == 400
    refused = batch_create([Customer()], qb=client)
    assert "not supported" in refused.faults[0].Error[0].Detail


@pytest.mark.parametrize(("text", "code", "detail"), [
    ("select * from Custmoer", "4001", "invalid context declaration: Custmoer"),
    ("select * form Invoice", "4000", 'Encountered " <WORD> "form "" at line 1, column 10.'),
    ("select * from Invoice where TxnDate > '2026-01-01' or Id = '1'", "4000", '"or "'),
    ("select * from Invoice where Line = '1'", "4001", "Property Line not found"),
    ("select * from Invoice maxresults 1001", "4001", "Max allowed value is 1000"),
    ("", "4000", "The query provided was empty"),
    ("select * from Invoice where TxnDate > 'soon'", "4001", "soon"),
    ("select * from Invoice where CustomerRef = 'me'", "4001", "me"),
])  # fmt: skip
def test_bad_queries_are_refused_as_quickbooks_does(
    http: httpx.Client, text: str, code: str, detail: str
) -> None:
    answer = http.post("query", content=text, headers={"Content-Type": "application/text"})
    assert answer.status_code == 400
    fault = answer.json()["Fault"]
    assert fault["type"] == "ValidationFault"
    assert fault["Error"][0]["code"] == code
    assert detail in fault["Error"][0]["Detail"]


def test_an_empty_result_is_an_empty_object(http: httpx.Client) -> None:
    answer = http.get("query", params={"query": "select * from Invoice where DocNumber = 'none'"})
    assert answer.json()["QueryResponse"] == {}
    text = "select Id, MetaData.CreateTime from Bill startposition 2 maxresults 3"
    some = http.get("query", params={"query": text}).json()["QueryResponse"]
    assert (some["startPosition"], some["maxResults"], len(some["Bill"])) == (2, 3, 3)
    assert set(some["Bill"][0]) == {"Id", "MetaData", "domain", "sparse"}


def test_strangers_and_other_companies_are_refused(
    served: tuple[OAuthServer, str], client: QuickBooks
) -> None:
    _sign_in, address = served
    ask = f"{address}/v3/company/{COMPANY}/companyinfo/{COMPANY}"
    stranger = httpx.get(ask, headers={**JSON, "Authorization": "Bearer stranger"})
    assert stranger.status_code == 401
    assert stranger.json()["fault"]["error"][0]["code"] == "3200"
    other = httpx.get(ask.replace(COMPANY, "123"), headers=JSON)
    assert (other.status_code, other.json()["fault"]["type"]) == (403, "SERVICE")
    lost = QuickBooks(company_id=COMPANY, minorversion=75)
    lost.api_url_v3, lost.session = client.api_url_v3, type("S", (), {
        "access_token": "stranger", "request": staticmethod(httpx_request)})()  # fmt: skip
    with pytest.raises(AuthorizationException):
        lost.get_report("ProfitAndLoss")


def httpx_request(method: str, url: str, **asked: Any) -> httpx.Response:
    return httpx.request(method, url, headers=asked["headers"], params=asked["params"])


def test_too_many_requests_are_throttled(world: World) -> None:
    api = quickbooks_app(world, lambda _token: True, requests_per_minute=500,
                         requests_per_second=10)  # fmt: skip
    with serving(api) as address, httpx.Client(headers=JSON) as http:
        ask = f"{address}/v3/company/{COMPANY}/preferences"
        answers = [http.get(ask) for _ in range(12)]
    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    assert answers[-1].status_code == 429
    assert "ThrottleExceeded" in answers[-1].json()["fault"]["error"][0]["message"]


# --- shapes -----------------------------------------------------------------------------------

SCALARS = {"string": str, "boolean": bool, "date": str, "dateTime": str, "decimal": (int, float),
           "positiveInteger": int, "integer": int, "int": int, "anyURI": str}  # fmt: skip


def described(kind: str) -> tuple[dict[str, str], set[str]]:
    """The elements and attributes of a type of the schema, with those it inherits."""
    elements: dict[str, str] = {}
    attributes: set[str] = {"value"} if kind.endswith(("Type", "Ref")) else set()
    base: str | None = kind
    while base in SCHEMA["types"]:
        elements |= SCHEMA["types"][base].get("elements", {})
        attributes |= set(SCHEMA["types"][base].get("attributes", []))
        base = SCHEMA["types"][base].get("base")
    return elements, attributes


def wrong(kind: str, value: Any, where: str) -> Iterator[str]:
    """What of a JSON value Intuit's schema does not know."""
    if kind in SCHEMA["values"] and value not in SCHEMA["values"][kind]:
        yield f"{where}: {value!r} is no {kind}"
    if kind in SCALARS and not isinstance(value, SCALARS[kind]):
        yield f"{where}: {value!r} is no {kind}"
    if kind == "date":
        date.fromisoformat(value)
    if not isinstance(value, dict) or kind not in SCHEMA["types"]:
        return
    elements, attributes = described(kind)
    for name in set(value) - set(elements) - attributes:
        yield f"{where}: {kind} has no {name}"
    for name in set(value) & set(elements):
        each = value[name] if isinstance(value[name], list) else [value[name]]
        for inner in each:
            yield from wrong(elements[name], inner, f"{where}.{name}")


@pytest.mark.parametrize("name", [*DOCUMENTS, *LISTS])
def test_every_field_of_every_object_is_in_intuits_schema(
    http: httpx.Client, documents: dict[str, list[dict]], name: str
) -> None:
    found = documents.get(name) or everything(http, name, "where Active in (true, false)")
    assert found
    problems = {problem for each in found for problem in wrong(ENTITIES[name.lower()].key, each,
                                                               name)}  # fmt: skip
    assert problems == set()
    assert set(wrong("Line", {"DetailType": "Odd", "Amount": "1", "Colour": 1}, "line")) == {
        "line.DetailType: 'Odd' is no LineDetailTypeEnum", "line.Amount: '1' is no decimal",
        "line: Line has no Colour",
    }  # fmt: skip


def test_the_company_and_its_preferences_are_in_the_schema(http: httpx.Client) -> None:
    for name, path in (("CompanyInfo", f"companyinfo/{COMPANY}"), ("Preferences", "preferences")):
        document = http.get(path).json()[name]
        assert list(wrong(name, document, name)) == []
        asked = http.get("query", params={"query": f"select * from {name}"}).json()
        assert asked["QueryResponse"][name] == [document]


def test_who_does_not_ask_for_json_gets_xml(http: httpx.Client) -> None:
    name = "{http://schema.intuit.com/finance/v3}"
    ask = {"query": "select * from Invoice where CustomerRef = '1' maxresults 3"}
    plain = http.get("query", params=ask).json()["QueryResponse"]["Invoice"]
    answer = http.get("query", params=ask, headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.text)
    assert root.tag == f"{name}IntuitResponse"
    invoices = root.findall(f"{name}QueryResponse/{name}Invoice")
    assert [each.findtext(f"{name}Id") for each in invoices] == [each["Id"] for each in plain]
    assert [float(each.findtext(f"{name}TotalAmt") or 0) for each in invoices] == [
        each["TotalAmt"] for each in plain]  # fmt: skip
    reference = invoices[0].find(f"{name}CustomerRef")
    assert reference is not None
    assert (reference.text, reference.get("name")) == ("1", "Anchor Hotel Group")
    assert invoices[0].get("domain") == "QBO"
    fault = http.get("query", params={"query": "nonsense"}, headers={"Accept": "text/xml"})
    error = ElementTree.fromstring(fault.text).find(f"{name}Fault/{name}Error")
    assert error is not None
    assert (fault.status_code, error.get("code")) == (400, "4000")


def test_minor_versions_are_accepted(http: httpx.Client) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for version in ("", "65", "75"):
            answer = http.get("query", params={"query": "select *, Sku from Item maxresults 1",
                                               "minorversion": version})  # fmt: skip
            assert answer.status_code == 200
