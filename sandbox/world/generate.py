"""Make a world and write its truth beside it, as Parquet files in ``truth/``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from sandbox.world.aftermath import Ledger, make_ledger
from sandbox.world.calendar import Calendar, make_calendar
from sandbox.world.catalogue import Catalogue, make_catalogue
from sandbox.world.clock import DAY, HOUR, to_local
from sandbox.world.columns import NEVER, Columns, Floats, Ints, Words, to_arrow
from sandbox.world.doubles import make_drafts
from sandbox.world.kitchen import make_kitchen
from sandbox.world.marketing import PriceTests, make_marketing, make_price_tests
from sandbox.world.people import make_people
from sandbox.world.sales import LINES_MORE, make_sales
from sandbox.world.settings import TRADES, VERSION, WorldSettings
from sandbox.world.staffing import make_staffing
from sandbox.world.stock import make_stock
from sandbox.world.supply import Supply, make_supply
from sandbox.world.world import World

SETTINGS_FILE = "world.json"


def generate(settings: WorldSettings, folder: Path) -> World:
    """Generate a world into a folder (made when it is missing; an older world is replaced).

    Returns:
        The world, opened. The same settings always write the same bytes of truth.
    """
    truth = folder / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    for old in truth.glob("*.parquet"):
        old.unlink()
    for name, columns in _truth(settings).items():
        pq.write_table(to_arrow(columns), truth / f"{name}.parquet", compression="zstd")
    (folder / SETTINGS_FILE).write_text(json.dumps(described(settings), indent=1), encoding="utf-8")
    return World(folder)


def _truth(settings: WorldSettings) -> dict[str, Columns]:
    """All tables: first what was sold and what became of it, then what lay behind."""
    calendar = make_calendar(settings)
    days = settings.days_count
    catalogue = make_catalogue(settings, calendar.first_day, days // 7 + 1)
    buys = _buying_share(catalogue)
    trades = [TRADES.index(place.trade) for place in settings.places]
    calendar.expected /= buys[trades][:, None]
    people = make_people(settings, calendar.expected.sum(axis=0))
    supply = make_supply(settings, catalogue, calendar.first_day)
    tests = make_price_tests(settings, catalogue, calendar.first_day)
    sales = make_sales(settings, calendar, catalogue, people, supply, tests)
    until = (calendar.first_day + days) * DAY + 12 * HOUR
    ledger = make_ledger(settings, sales, supply, until)
    orders = _completed(settings, sales.orders, ledger)
    return {
        "places": _places(settings),
        "products": catalogue.products,
        "variants": catalogue.variants,
        "prices": catalogue.prices,
        "people": people.people,
        "contacts": people.contacts,
        "promotions": calendar.promotions,
        "closures": calendar.closures,
        "anomalies": calendar.anomalies,
        "orders": {"order_id": orders["order_id"], **orders},
        "order_lines": ledger.order_lines,
        "events": ledger.events,
        "event_lines": ledger.event_lines,
        "payments": ledger.payments,
        "gift_cards": ledger.gift_cards,
        "copies": ledger.copies,
        "drafts": make_drafts(settings, orders),
        "price_tests": tests.tests,
        **_supplied(settings, catalogue, supply, orders, ledger, until),
        **_staffed(settings, calendar),
        **_visited(settings, calendar, catalogue, tests, orders, until),
    }


def _supplied(settings: WorldSettings, catalogue: Catalogue, supply: Supply, orders: Columns,
              ledger: Ledger, until: int) -> dict[str, Columns]:  # fmt: skip
    stock = make_stock(settings, supply, orders, ledger, until)
    kitchen = make_kitchen(settings, catalogue, supply, orders, ledger, stock, until)
    return {
        "suppliers": supply.suppliers,
        "costs": supply.costs,
        "movements": stock.movements,
        "stock_outs": stock.stock_outs,
        "ingredients": kitchen.ingredients,
        "recipes": kitchen.recipes,
        "purchases": kitchen.purchases,
        "purchase_lines": kitchen.purchase_lines,
    }


def _staffed(settings: WorldSettings, calendar: Calendar) -> dict[str, Columns]:
    staffing = make_staffing(settings, calendar)
    return {"staff": staffing.staff, "timecards": staffing.timecards}


def _visited(settings: WorldSettings, calendar: Calendar, catalogue: Catalogue, tests: PriceTests,
             orders: Columns, until: int) -> dict[str, Columns]:  # fmt: skip
    marketing = make_marketing(settings, calendar, catalogue, tests, orders, until)
    return {
        "web_sessions": marketing.sessions,
        "ad_spend": marketing.ad_spend,
        "checkouts": marketing.checkouts,
    }


def _completed(settings: WorldSettings, orders: Columns, ledger: Ledger) -> Columns:
    """Orders with their local time and when they were handed over."""
    local = np.empty(len(orders["place_id"]), np.int64)
    for place in settings.places:
        mine = orders["place_id"] == place.place_id
        local[mine] = to_local(orders["placed_at"][mine], place.time_zone)
    trade = Words(orders["trade"], TRADES)
    fulfilled = _fulfilled(settings, orders, ledger)
    return {**orders, "trade": trade, "placed_local": local, "fulfilled_at": fulfilled}


def _fulfilled(settings: WorldSettings, orders: Columns, ledger: Ledger) -> Ints:
    """When each order was handed over: at once at a counter, a day or three later by post, and
    never when it was cancelled."""
    dice = np.random.default_rng([settings.seed, 22])
    later = dice.integers(20 * HOUR, 70 * HOUR, len(orders["order_id"]))
    is_online = orders["trade"] == TRADES.index("online")
    at: Ints = np.where(is_online, orders["placed_at"] + later, orders["placed_at"])
    cancelled = ledger.events["order_id"][ledger.events["kind"] == "cancellation"]
    at[cancelled - 1] = NEVER
    return at


def described(settings: WorldSettings) -> dict[str, Any]:
    """What ``world.json`` says of a world that this version makes with these settings."""
    told = asdict(settings) | {"last_day": settings.last_day.isoformat(), "version": VERSION}
    plain: dict[str, Any] = json.loads(json.dumps(told))
    return plain


def _buying_share(catalogue: Catalogue) -> Floats:
    """Per trade, the part of visits that end in an order: a line whose price is too high is not
    bought, and a visit without lines leaves no trace."""
    bought = catalogue.weight.sum(axis=2).mean(axis=1) / catalogue.reference
    more = np.array([LINES_MORE[trade] for trade in TRADES])
    share: Floats = 1 - (1 - bought) * np.exp(-more * bought)
    return share


def _places(settings: WorldSettings) -> Columns:
    rows = [asdict(place) for place in settings.places]
    return {
        name: np.array([row[name] for row in rows], object if isinstance(value, str) else None)
        for name, value in rows[0].items()
    }
