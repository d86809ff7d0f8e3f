"""The generated world: its sums hold, its clocks are right, and its seed decides everything."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from sandbox.world import World, WorldSettings, generate
from sandbox.world.clock import to_local, to_utc
from sandbox.world.columns import spread

SMALL = WorldSettings(seed=7, years=0.25, orders_per_day=60, last_day=date(2026, 4, 30))
NET = "gross_cents - discount_cents - reversal_cents"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return generate(
        WorldSettings(seed=7, years=1, orders_per_day=150), tmp_path_factory.mktemp("w")
    )


def _digests(folder: Path) -> dict[str, str]:
    return {file.stem: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted((folder / "truth").glob("*.parquet"))}  # fmt: skip


def test_the_same_settings_give_the_same_truth_and_another_seed_another(tmp_path: Path) -> None:
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    generate(SMALL, first)
    generate(SMALL, again)
    generate(WorldSettings(seed=8, years=0.25, orders_per_day=60, last_day=SMALL.last_day), other)
    assert _digests(first) == _digests(again)
    assert _digests(first)["event_lines"] != _digests(other)["event_lines"]


def test_it_has_the_size_asked_for(world: World) -> None:
    ((orders, days),) = world.rows(
        "select count(*), count(distinct cast(placed_local as date)) from orders"
    )
    assert days == 365
    assert orders / days == pytest.approx(150, rel=0.08)


def test_every_event_s_goods_come_from_its_order_s_lines(world: World) -> None:
    assert world.rows(
        "select line_id from event_lines l left join order_lines o using (line_id) "
        "where line_type = 'product' and (o.line_id is null or o.variant_id <> l.variant_id)"
    ) == []  # fmt: skip
    assert world.rows(
        "select event_id from events left join event_lines using (event_id) "
        "group by event_id having count(line_type) = 0"
    ) == []  # fmt: skip


def test_nothing_is_given_back_that_was_not_sold(world: World) -> None:
    lines = world.rows(
        f"select line_id, sum(quantity), sum({NET}), sum(tax_cents), min(quantity) "
        "from event_lines where line_type = 'product' group by line_id"
    )
    assert all(quantity >= 0 and net >= 0 for _, quantity, net, _, _ in lines)
    wholly_returned = [line for line in lines if line[1] == 0 and line[4] < 0]
    assert len(wholly_returned) > 100
    assert {(net, tax) for _, _, net, tax, _ in wholly_returned} == {(0, 0)}
    ((early,),) = world.rows(
        "select count(*) from events join orders using (order_id) where happened_at < placed_at"
    )
    assert early == 0


def test_every_cent_due_is_paid_but_by_those_who_owe(world: World) -> None:
    rows = world.rows(
        f"""
        with due as (
            select event_id, sum({NET} + tax_cents + charge_cents) as cents
            from event_lines group by 1
        ), paid as (select event_id, sum(amount_cents) as cents from payments group by 1)
        select order_id, due.cents - coalesce(paid.cents, 0), paid.cents is null
        from due join events using (event_id) left join paid using (event_id)
        where due.cents <> coalesce(paid.cents, 0)"""
    )
    assert all(is_unpaid for _, _, is_unpaid in rows)
    unpaid = {order for order, _, _ in rows}
    assert world.rows("select distinct place_id from orders where order_id in "
                      f"({', '.join(map(str, unpaid)) or 0})") in ([(4,)], [])  # fmt: skip


def test_what_was_shown_is_gross_less_discounts_plus_the_tax_inside(world: World) -> None:
    ((wrong, included, foreign),) = world.rows(
        "select count(*) filter (where is_tax_included and shown_gross_cents "
        "- shown_line_discount_cents - shown_order_discount_cents "
        "<> gross_cents - discount_cents + tax_cents), "
        "count(*) filter (where is_tax_included), "
        "count(*) filter (where presentment_currency <> 'USD') "
        "from order_lines join orders using (order_id)"
    )
    assert wrong == 0
    assert foreign > included > 0


def test_a_code_s_discount_is_spread_to_the_cent(world: World) -> None:
    assert world.rows(
        "select order_id from order_lines join orders using (order_id) join promotions "
        "using (promotion_id) where added_at = placed_at group by order_id, discount_ppm having "
        "abs(sum(shown_order_discount_cents) - discount_ppm / 1e6 * "
        "sum(shown_gross_cents - shown_line_discount_cents)) > 0.5"
    ) == []  # fmt: skip
    dice = np.random.default_rng(1)
    group = np.sort(dice.integers(0, 50, 400))
    weights, total = dice.integers(0, 10_000, 400), dice.integers(0, 5_000, 50)
    parts = spread(total, weights, group, 50)
    filled = np.bincount(group, weights, 50) > 0
    assert (np.bincount(group, parts, 50)[filled] == total[filled]).all()
    assert (parts >= 0).all()


def test_cards_are_used_after_they_are_sold_and_for_no_more(world: World) -> None:
    rows = world.rows(
        "select s.placed_at < u.placed_at, p.amount_cents <= c.value_cents "
        "from gift_cards c join orders s on s.order_id = c.sold_order_id "
        "join orders u on u.order_id = c.used_order_id "
        "join payments p on p.gift_card_id = c.gift_card_id"
    )
    assert len(rows) > 20
    assert set(rows) == {(True, True)}


def test_nobody_sells_in_a_closed_shop_or_an_hour_that_is_left_out(world: World) -> None:
    ((closed, early),) = world.rows(
        "select count(*) filter (where c.place_id is not null), count(*) filter "
        "(where hour(placed_local) < p.opens or hour(placed_local) >= p.closes) "
        "from orders o join places p using (place_id) left join closures c "
        "on c.place_id = o.place_id and c.closed_date = cast(placed_local as date)"
    )
    assert (closed, early) == (0, 0)
    assert world.rows("select count(*) from closures") != [(0,)]


def test_clocks_go_there_and_back() -> None:
    zone = "America/Chicago"
    utc = np.arange(1_760_000_000, 1_790_000_000, 1_800)
    local = to_local(utc, zone)
    back = to_utc(local, zone)
    # The hour that comes twice is read as its first; all other times are exact.
    assert set((utc - back).tolist()) == {0, 3_600}
    assert int((utc != back).sum()) == 2
    second = to_utc(local, zone, later=np.ones(len(local), bool))
    assert set((second - back).tolist()) == {0, 3_600}
    assert int((second != back).sum()) == 4
    left_out = np.array([1_772_937_000])  # 8 March 2026, 02:30 on the wall
    assert to_local(to_utc(left_out, zone), zone)[0] == left_out[0] + 3_600


def test_demand_follows_the_price_by_each_product_s_elasticity(world: World) -> None:
    """Weekly units against the price, pooled: the slope lies at the mean true elasticity."""
    rows = world.rows(
        "select variant_id, date_trunc('week', placed_local) as week, sum(quantity) as units, "
        "avg(ln(unit_price_cents)) as price from order_lines join orders using (order_id) "
        "where added_at = placed_at group by 1, 2"
    )
    by_variant: dict[int, list[tuple[float, float]]] = {}
    for variant, _, units, price in rows:
        by_variant.setdefault(variant, []).append((float(price), float(units)))
    top = bottom = 0.0
    for pairs in by_variant.values():
        price, units = np.array(pairs).T
        top += float(((price - price.mean()) * (units - units.mean()) / units.mean()).sum())
        bottom += float(((price - price.mean()) ** 2).sum())
    ((true,),) = world.rows("select avg(elasticity) from products")
    assert true - 0.6 < top / bottom < true + 0.6
