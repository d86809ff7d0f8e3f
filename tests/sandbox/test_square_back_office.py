"""Square's stock, team, payouts, catalog deletions and copied sales, through its own client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from square import Square

from sandbox.serving import serving
from sandbox.square import square_app
from sandbox.world import World, WorldSettings, generate

TOKEN = "sandbox-token"
NOW = datetime(2026, 9, 20, 16, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    generate(WorldSettings(seed=4, years=0.5, orders_per_day=25), folder).close()
    opened = World(folder, now=NOW)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def square(world: World) -> Iterator[Square]:
    with serving(square_app(world, lambda token: token == TOKEN, report_waits=0)) as address:
        yield Square(token=TOKEN, base_url=address)


@pytest.fixture(scope="module")
def locations(square: Square) -> dict[str, str]:
    return {str(place.name): str(place.id) for place in square.locations.list().locations or []}


def test_a_count_is_the_last_recount_and_what_was_adjusted_since(
    square: Square, world: World
) -> None:
    levels: dict[tuple[str, str], int] = defaultdict(int)
    received = 0
    for change in square.inventory.batch_get_changes(limit=700):
        if change.type == "PHYSICAL_COUNT":
            count = change.physical_count
            levels[count.location_id, count.catalog_object_id] = int(count.quantity)
            continue
        adjusted = change.adjustment
        quantity = int(adjusted.quantity)
        if adjusted.from_state == "IN_STOCK":
            levels[adjusted.from_location_id, adjusted.catalog_object_id] -= quantity
        if adjusted.to_state == "IN_STOCK":
            levels[adjusted.to_location_id, adjusted.catalog_object_id] += quantity
        if adjusted.from_state == "NONE":
            received += adjusted.cost_money.amount
        else:
            assert adjusted.cost_money is None
    counts = {(one.location_id, one.catalog_object_id): int(one.quantity)
              for one in square.inventory.batch_get_counts(limit=100)}  # fmt: skip
    assert counts == levels
    assert len(counts) > 100
    assert min(counts.values()) == 0
    ((bought,),) = world.rows(
        "select sum(quantity * home_unit_cost_cents) from purchase_lines join purchases "
        "using (purchase_id) where variant_id > 0 and place_id in (1, 2) "
        "and received_at is not null"
    )
    assert received == bought


def test_changes_since_a_moment_are_all_that_is_sent(square: Square) -> None:
    since = (NOW - timedelta(days=3)).isoformat()
    recent = list(square.inventory.batch_get_changes(updated_after=since, types=["ADJUSTMENT"]))
    times = [one.adjustment.occurred_at for one in recent]
    assert times == sorted(times)
    assert since[:10] <= times[0][:10] <= times[-1][:10] == "2026-09-20"
    touched = {one.adjustment.catalog_object_id for one in recent}
    counted = {one.catalog_object_id
               for one in square.inventory.batch_get_counts(updated_after=since)}  # fmt: skip
    assert touched <= counted


def test_timecards_hold_what_was_worked_and_who_is_at_work(
    square: Square, world: World, locations: dict[str, str]
) -> None:
    cards, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = square.labor.search_timecards(
            query={"filter": {"location_ids": [locations["Market Street"]]}}, limit=70, **more
        )
        cards += page.timecards or []
        cursor = page.cursor
        if not cursor:
            break
    ((expected, at_work, worked),) = world.rows(
        "select count(*), count(*) filter (ended_at is null), sum(epoch(ended_at - started_at)) "
        "from timecards where place_id = 2"
    )
    assert len({card.id for card in cards}) == len(cards) == expected
    open_cards = [card for card in cards if card.status == "OPEN"]
    assert len(open_cards) == at_work > 0
    assert all(card.end_at is None for card in open_cards)
    seconds = sum(
        (datetime.fromisoformat(card.end_at) - datetime.fromisoformat(card.start_at)).seconds
        for card in cards if card.status == "CLOSED"
    )  # fmt: skip
    assert seconds == worked
    assert {pause.is_paid for card in cards for pause in card.breaks or []} == {True, False}
    members = {member.id: member for member in square.team_members.search().team_members or []}
    assert {card.team_member_id for card in cards} <= set(members)
    assert {str(member.status) for member in members.values()} == {"ACTIVE", "INACTIVE"}


def test_a_payout_is_its_entries_and_all_card_money_is_paid_out(
    square: Square, world: World, locations: dict[str, str]
) -> None:
    place = locations["Harbour Café"]
    payouts = list(square.payouts.list(location_id=place, limit=50, sort_order="ASC"))
    assert len(payouts) > 150
    for payout in payouts[:5]:
        entries = list(square.payouts.list_entries(str(payout.id), limit=3))
        assert sum(one.net_amount_money.amount for one in entries) == payout.amount_money.amount
        for one in entries:
            assert one.net_amount_money.amount == (
                one.gross_amount_money.amount - one.fee_amount_money.amount
            )
            sent = datetime.fromisoformat(payout.created_at)
            assert timedelta(0) < sent - datetime.fromisoformat(one.effective_at) < timedelta(2)
        arrives = date.fromisoformat(payout.arrival_date)
        assert arrives.weekday() < 5
        assert timedelta(0) < arrives - sent.date() <= timedelta(days=3)
    assert {payout.status for payout in payouts} == {"PAID", "SENT"}
    ((money,),) = world.rows(
        "select sum(amount_cents - fee_cents) from payments join orders using (order_id) "
        "where place_id = 1 and method = 'card' and not is_test "
        "and cast(timezone('America/New_York', paid_at) as date) < date '2026-09-20'"
    )
    assert sum(payout.amount_money.amount for payout in payouts) == money


def test_given_up_items_are_deleted_and_only_shown_when_asked_for(
    square: Square, world: World
) -> None:
    gone = {title for (title,) in world.rows(
        "select title from products where discontinued_at is not null and product_id in ("
        "select product_id from variants semi join (select variant_id from event_lines join "
        "orders using (order_id) where place_id in (1, 2)) using (variant_id))")}  # fmt: skip
    assert gone
    listed = {one.item_data.name for one in square.catalog.list(types="ITEM")}
    assert not gone & listed

    def found(**asked: object) -> dict:
        answer = square.catalog.search(object_types=["ITEM"], limit=1_000, **asked)
        return {one.item_data.name: one for one in answer.objects or []}

    everything = found(include_deleted_objects=True)
    deleted = {name for name, one in everything.items() if one.is_deleted}
    assert gone <= deleted == set(everything) - listed
    one = everything[min(gone)]
    before = (datetime.fromisoformat(one.updated_at) - timedelta(seconds=1)).isoformat()
    assert min(gone) in found(include_deleted_objects=True, begin_time=before)
    assert one.version == int(datetime.fromisoformat(one.updated_at).timestamp() * 1000)


def test_copies_of_shopify_sales_are_sales_to_square(
    square: Square, world: World, locations: dict[str, str]
) -> None:
    orders, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = square.orders.search(location_ids=[locations["Lakeside"]], **more)
        orders += page.orders or []
        cursor = page.cursor
        if not cursor:
            break
    truth = world.rows("select how, amount_cents from copies order by copied_at")
    named = [order for order in orders if order.reference_id]
    assert len(orders) == len(truth) > 5
    assert len(named) == sum(how == "reference" for how, _ in truth) > 0
    assert sorted(o.total_money.amount for o in orders) == sorted(cents for _, cents in truth)
    assert all(order.reference_id.startswith("#") for order in named)
    payments = {one.order_id: one
                for one in square.payments.list(location_id=locations["Lakeside"])}  # fmt: skip
    for order in orders:
        payment = payments[order.id]
        assert payment.amount_money.amount == order.total_money.amount
        assert payment.reference_id == order.reference_id
        assert payment.processing_fee[0].amount_money.amount > 0
    answer = square.reporting.load(query={  # type: ignore[arg-type]
        "measures": ["Sales.gross_sales", "Sales.order_count"],
        "dimensions": ["Sales.location_name"]})  # fmt: skip
    rows = {row["Sales.location_name"]: row for row in answer.model_dump()["data"]}
    assert rows["Lakeside"]["Sales.order_count"] == str(len(truth))
    assert float(rows["Lakeside"]["Sales.gross_sales"]) * 100 == pytest.approx(
        sum(cents for _, cents in truth)
    )
