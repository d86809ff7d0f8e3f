"""Sales that are written down twice, or before they are sales: copies in another system, drafts."""

from __future__ import annotations

import numpy as np

from sandbox.world.clock import DAY, HOUR
from sandbox.world.columns import NEVER, Columns, Flags, Ints, Words, of_million
from sandbox.world.settings import WorldSettings

# The shop whose counter also has the other system's card reader.
COPIED_PLACE, COPIED_SHARE = 3, 0.06
OTHER_SYSTEMS = ("square",)
HOW = ("reference", "amount_time")
STATUSES = ("open", "invoice_sent", "completed")


def copied_orders(settings: WorldSettings, orders: Columns, kind: Ints) -> Flags:
    """Orders whose card was taken on the other system's terminal; nothing happens to them later."""
    dice = np.random.default_rng([settings.seed, 16])
    chosen = dice.random(len(kind)) < COPIED_SHARE
    is_plain = (kind == 0) & ~orders["is_test"] & (orders["gift_card_cents"] == 0)
    is_copied: Flags = chosen & is_plain & (orders["place_id"] == COPIED_PLACE)
    return is_copied


def make_copies(settings: WorldSettings, is_copied: Flags, payments: Columns) -> Columns:
    """The copies: by reference when the order's name was typed in, else by amount and time."""
    dice = np.random.default_rng([settings.seed, 17])
    mine = is_copied[payments["order_id"] - 1] & (payments["method"] == "other")
    rows = np.flatnonzero(mine)
    order, amount = payments["order_id"][rows], payments["amount_cents"][rows]
    rate = np.full(len(rows), 26_000)
    return {
        "copy_id": np.arange(1, len(rows) + 1, dtype=np.int64),
        "order_id": order,
        "other_system": Words(np.zeros(len(rows), np.int64), OTHER_SYSTEMS),
        "how": Words((dice.random(len(rows)) < 0.4).astype(np.int64), HOW),
        "copied_at": payments["paid_at"][rows] + dice.integers(5, 90, len(rows)),
        "amount_cents": amount,
        "fee_cents": of_million(amount, rate) + 15,
    }


def make_drafts(settings: WorldSettings, orders: Columns) -> Columns:
    """Draft orders: a few became the order they name, the others hold the lines of a like one."""
    dice = np.random.default_rng([settings.seed, 18])
    draw = dice.random(len(orders["order_id"]))
    fits = (orders["place_id"] == 4) & (orders["contact_id"] > 0) & ~orders["is_test"]
    fits &= orders["gift_card_cents"] == 0
    rows = np.flatnonzero(fits & (draw < 0.03))
    is_done = draw[rows] < 0.02
    placed = orders["placed_at"][rows]
    created = placed - dice.integers(HOUR, 5 * DAY, len(rows))
    sequence = np.argsort(created, kind="stable")
    rows, is_done = rows[sequence], is_done[sequence]
    placed, created = placed[sequence], created[sequence]
    status = np.where(is_done, 2, dice.integers(0, 2, len(rows)))
    return {
        "draft_id": np.arange(1, len(rows) + 1, dtype=np.int64),
        "created_at": created,
        "status": Words(status, STATUSES),
        "completed_at": np.where(is_done, placed, NEVER),
        "order_id": np.where(is_done, orders["order_id"][rows], 0),
        "template_order_id": orders["order_id"][rows],
        "contact_id": orders["contact_id"][rows],
    }
