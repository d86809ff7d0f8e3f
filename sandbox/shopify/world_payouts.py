"""Shopify Payments: the balance, transaction by transaction, and what was paid out of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from sandbox.shopify.documents import Document
from sandbox.shopify.world_baskets import Row, Till, gid
from sandbox.shopify.world_tables import Tables


def payments_account(tables: Tables) -> Document:
    """The account; its lists are asked for apart."""
    return {
        "id": gid("ShopifyPaymentsAccount", 1), "activated": True, "onboardable": False,
        "country": "US", "defaultCurrency": str(tables.settings["currency"]),
        "balance": [], "payoutSchedule": {"interval": "DAILY"},
    }  # fmt: skip


class PaymentsDocuments:
    """Payouts and balance transactions, newest last; made when they are asked for."""

    def __init__(self, tables: Tables) -> None:
        """Documents of one shop."""
        self._tables = tables
        self._lock = threading.Lock()
        self._made: dict[str, tuple[datetime, list[Document]]] = {}

    def rows(self, field_name: str, now: datetime) -> Sequence[Document]:
        """Documents of a list of the account, as of the present ``now``."""
        makers = {"payouts": ("shopify_payouts", self._payout),
                  "balanceTransactions": ("shopify_balance", self._transaction)}  # fmt: skip
        if field_name not in makers:
            return ()
        with self._lock:
            known = self._made.get(field_name)
            if known is None or known[0] != now:
                table, make = makers[field_name]
                known = now, [make(row) for row in self._tables.rows(f"from {table}")]
                self._made[field_name] = known
        return known[1]

    def _money(self, cents: int) -> Document:
        currency = str(self._tables.settings["currency"])
        return Till(currency, currency, 1_000_000).money(cents)

    def _payout(self, row: Row) -> Document:
        gross = row["charged_cents"] + row["refunded_cents"]
        net = gross - row["fee_cents"]
        summary = dict.fromkeys(
            ("adjustmentsFee", "adjustmentsGross", "advanceFees", "advanceGross", "refundsFee",
             "reservedFundsFee", "reservedFundsGross", "retriedPayoutsFee", "retriedPayoutsGross",
             "usdcRebateCreditAmount"), self._money(0),
        )  # fmt: skip
        return {
            "id": gid("ShopifyPaymentsPayout", row["payout_id"]),
            "legacyResourceId": str(row["payout_id"]), "issuedAt": row["issued"],
            "status": row["status"], "gross": self._money(gross), "net": self._money(net),
            "transactionType": "DEPOSIT" if net >= 0 else "WITHDRAWAL",
            "externalTraceId": f"TRACE{row['payout_id']}",
            "summary": summary | {"chargesGross": self._money(row["charged_cents"]),
                                  "chargesFee": self._money(row["fee_cents"]),
                                  "refundsFeeGross": self._money(row["refunded_cents"])},
        }  # fmt: skip

    def _transaction(self, row: Row) -> Document:
        is_refund = row["amount_cents"] < 0
        kind, number = ("REFUND" if is_refund else "CHARGE"), row["payment_id"]
        payout = gid("ShopifyPaymentsPayout", row["payout_id"]) if row["status"] else None
        return {
            "id": gid("ShopifyPaymentsBalanceTransaction", number), "type": kind, "test": False,
            "transactionDate": row["paid"], "amount": self._money(row["amount_cents"]),
            "fee": self._money(row["fee_cents"]),
            "net": self._money(row["amount_cents"] - row["fee_cents"]), "sourceType": kind,
            "sourceId": str(number), "sourceOrderTransactionId": str(2 * number),
            "adjustmentsOrders": [], "adjustmentReason": None,
            "associatedOrder": {"id": gid("Order", row["order_id"]), "name": row["name"]},
            "associatedPayout": {"id": payout, "status": row["status"] or "PENDING"},
        }  # fmt: skip
