"""Behind the sales: shelves, purchases, recipes, staff, visitors, copies and drafts agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sandbox.world import World, WorldSettings, generate


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = WorldSettings(seed=21, years=1, orders_per_day=250)
    made = generate(settings, tmp_path_factory.mktemp("world"))
    yield made
    made.close()


def test_no_shelf_is_ever_below_zero(world: World) -> None:
    ((wrong, lowest, kinds),) = world.rows(
        "select count(*) filter (on_hand <> running), min(running), count(distinct kind) from ("
        "select *, sum(quantity) over (partition by place_id, variant_id order by movement_id) "
        "as running from movements)"
    )
    assert (wrong, lowest, kinds) == (0, 0, 6)


def test_what_is_sold_leaves_its_shelf_and_nothing_sells_that_is_not_there(world: World) -> None:
    stocked = "(select distinct place_id, variant_id from movements)"
    ledger = world.rows(
        "select place_id, variant_id, -sum(l.quantity) from event_lines l join orders using "
        f"(order_id) semi join {stocked} using (place_id, variant_id) "
        "where line_type = 'product' and l.quantity > 0 and not is_test group by all order by all"
    )
    moved = world.rows("select place_id, variant_id, sum(quantity) from movements "
                       "where kind = 'sale' group by all order by all")  # fmt: skip
    assert ledger == moved
    assert len(moved) > 200
    ((count, long, sold),) = world.rows(
        "select count(distinct (s.place_id, s.variant_id, emptied_at)), count(distinct "
        "(s.place_id, s.variant_id, emptied_at)) filter (filled_at - emptied_at > "
        "interval 2 day), count(m.movement_id) from stock_outs s left join movements m "
        "on m.place_id = s.place_id and m.variant_id = s.variant_id and m.kind = 'sale' "
        "and m.happened_at > emptied_at and m.happened_at < coalesce(filled_at, now_at())"
    )
    assert count > long > 100
    assert sold == 0


def test_every_delivery_was_ordered_and_paid_at_its_cost(world: World) -> None:
    received = world.rows(
        "select variant_id, sum(quantity) from movements where kind = 'receive' "
        "group by 1 order by 1"
    )
    bought = world.rows(
        "select variant_id, sum(quantity) from purchase_lines join purchases using (purchase_id) "
        "where variant_id > 0 and received_at <= now_at() group by 1 order by 1"
    )
    assert received == bought
    ((early, foreign, wrong),) = world.rows(
        "select count(*) filter (ordered_at >= received_at), count(*) filter (currency = 'EUR'), "
        "count(*) filter (abs(unit_cost_cents * currency_rate_ppm / 1e6 - home_unit_cost_cents) "
        "> 1) from purchases join purchase_lines using (purchase_id)"
    )
    assert (early, wrong) == (0, 0)
    assert foreign > 100
    ((changed,),) = world.rows(
        "select count(*) from (select variant_id from costs group by 1 "
        "having count(distinct unit_cost_cents) > 1)"
    )
    assert changed > 50


def test_recipes_cost_what_the_dish_costs_and_are_covered_by_purchases(world: World) -> None:
    rows = world.rows(
        "select sum(r.quantity * pack_cost_cents / pack_size), any_value(unit_cost_cents) from "
        "recipes r join ingredients using (ingredient_id) join variants using (product_id) "
        "group by product_id"
    )
    assert len(rows) == 16 + 12 + 12 + 15
    assert all(abs(cost - unit) <= 0.1 * unit + 2 for cost, unit in rows)
    short = world.rows(
        "with used as (select ingredient_id, sum(l.quantity * r.quantity) as units from "
        "event_lines l join orders using (order_id) join variants using (variant_id) "
        "join recipes r using (product_id) where l.quantity > 0 group by 1), bought as ("
        "select ingredient_id, sum(quantity) as packs from purchase_lines group by 1) "
        "select * from used join ingredients using (ingredient_id) left join bought using "
        "(ingredient_id) where coalesce(packs, 0) * pack_size < units"
    )
    assert short == []


def test_somebody_is_at_work_whenever_a_shop_sells_and_more_on_busy_days(world: World) -> None:
    ((uncovered,),) = world.rows(
        "select count(*) from orders o join places p using (place_id) where p.trade <> 'online' "
        "and not exists (from timecards t where t.place_id = o.place_id "
        "and o.placed_at between t.started_at and t.ended_at)"
    )
    assert uncovered == 0
    ((overlaps, outside),) = world.rows(
        "select count(*) filter (started_at < before), count(*) filter (started_at < hired_at or "
        "ended_at > left_at + interval 1 day or break_started_at < started_at or break_ended_at "
        "> ended_at) from (select *, lag(ended_at) over (partition by staff_id order by "
        "started_at) as before from timecards) join (select staff_id, hired_at, left_at from "
        "staff) using (staff_id)"
    )
    assert (overlaps, outside) == (0, 0)
    ((trend,),) = world.rows(
        "with d as (select place_id, cast(placed_local as date) as day, count(*) as n "
        "from orders where place_id = 1 group by all), t as (select place_id, "
        "cast(timezone('America/New_York', started_at) as date) as day, count(*) as heads "
        "from timecards group by all) select corr(n, heads) from d join t using (place_id, day)"
    )
    assert trend > 0.6


def test_a_tested_price_is_paid_and_sells_less_by_its_true_effect(world: World) -> None:
    ((wrong, paid),) = world.rows(
        "select count(*) filter (abs(unit_price_cents - p.price_cents * price_factor_ppm / 1e6) "
        "> 0.5), count(*) from order_lines l join orders o using (order_id) join variants "
        "using (variant_id) join price_tests t on t.test_id = o.test_id and t.arm = o.test_arm "
        "and t.product_id = variants.product_id asof join prices p on p.variant_id = "
        "l.variant_id and cast(o.placed_local as date) >= p.valid_from_date "
        "where added_at = placed_at"
    )
    assert (wrong, paid > 50) == (0, True)
    arms = world.rows(
        "select t.test_id, is_mismatched, count(*) filter (arm = 'A'), count(*) filter "
        "(arm = 'B') from web_sessions s join price_tests t on t.test_id = s.test_id "
        "and t.arm = s.test_arm group by all order by 1"
    )
    for _, is_mismatched, control, treated in arms:
        assert (abs(treated - control) > 3.5 * (treated + control) ** 0.5) == is_mismatched
    (a, b, expected) = world.rows(
        "select sum(n) filter (arm = 'A'), sum(n) filter (arm = 'B'), "
        "avg(true_conversion_factor) filter (arm = 'B') from price_tests join (select test_id, "
        "test_arm as arm, count(*) as n from orders where test_id > 0 group by all) "
        "using (test_id, arm)"
    )[0]
    assert abs(b / a - expected) < 3 * (1 / a + 1 / b) ** 0.5


def test_every_online_order_ends_one_session(world: World) -> None:
    ((orders, ended, early),) = world.rows(
        "select count(*), count(session_id), count(*) filter (started_at < placed_at) "
        "from orders o left join web_sessions s using (order_id) "
        "where place_id = 4 and not is_test"
    )
    assert orders == ended == early > 5_000
    ((spent, left, unknown),) = world.rows(
        "select (select sum(spend_cents) from ad_spend), count(*), count(*) filter (not "
        "has_checkout or s.order_id > 0) from checkouts join web_sessions s using (session_id)"
    )
    assert spent > 0
    assert (left > 500, unknown) == (True, 0)


def test_copies_and_drafts_belong_to_sales(world: World) -> None:
    rows = world.rows(
        "select how, count(*), bool_and(p.amount_cents = c.amount_cents and p.method = 'other' "
        "and p.fee_cents = 0 and o.place_id = 3 and copied_at > placed_at and not exists (from "
        "events e where e.order_id = c.order_id and kind <> 'sale')) from copies c join "
        "orders o using (order_id) join payments p using (order_id) group by 1 order by 1"
    )
    assert [(how, good) for how, _, good in rows] == [("amount_time", True), ("reference", True)]
    assert all(count > 50 for _, count, _ in rows)
    ((done, open_count, wrong),) = world.rows(
        "select count(*) filter (order_id > 0), count(*) filter (order_id = 0), count(*) filter "
        "((status = 'completed') <> (order_id > 0) or completed_at < created_at) from drafts"
    )
    assert (done > 100, open_count > 50, wrong) == (True, True, 0)


def test_people_are_as_hard_to_tell_apart_as_in_life(world: World) -> None:
    ((guests, orders),) = world.rows(
        "select count(*) filter (contact_id = 0), count(*) from orders"
    )
    assert 0.3 < guests / orders < 0.6
    ((addresses, sharing),) = world.rows(
        "select (select max(n) from (select count(distinct email) as n from contacts "
        "group by person_id)), (select count(*) from (select phone from contacts group by 1 "
        "having count(distinct person_id) > 1))"
    )
    assert addresses == 3
    assert sharing > 50
    ((fees,),) = world.rows("select count(*) from event_lines where line_type = 'fee'")
    assert fees > 20


def test_days_with_a_change_of_clocks_have_23_and_25_hours(world: World) -> None:
    days = dict(world.rows(
        "select cast(placed_local as date), max(placed_at) - min(placed_at) > interval 24 hour "
        "from orders where place_id = 4 group by 1"
    ))  # fmt: skip
    assert [str(day) for day, is_long in days.items() if is_long] == ["2025-11-02"]
    ((never,),) = world.rows(
        "select count(*) from orders where place_id = 4 "
        "and placed_local >= '2026-03-08 02:00' and placed_local < '2026-03-08 03:00'"
    )
    assert never == 0


def test_nobody_knows_tomorrows_deliveries_or_shifts(world: World) -> None:
    now = datetime(2026, 3, 3, 17, tzinfo=UTC)
    then = World(world.folder, now=now)
    for query in (
        "select max(happened_at) from movements", "select max(ordered_at) from purchases",
        "select max(received_at) from purchases", "select max(started_at) from timecards",
        "select max(ended_at) from timecards", "select max(left_at) from staff",
        "select max(filled_at) from stock_outs", "select max(started_at) from web_sessions",
        "select max(left_at) from checkouts", "select max(copied_at) from copies",
        "select max(completed_at) from drafts", "select max(discontinued_at) from products",
    ):  # fmt: skip
        ((newest,),) = then.rows(query)
        assert newest is None or newest <= now, query
    ((at_work, on_the_way),) = then.rows(
        "select (select count(*) from timecards where ended_at is null), "
        "(select count(*) from purchases where received_at is null)"
    )
    assert at_work > 3
    assert on_the_way > 2
    then.close()
