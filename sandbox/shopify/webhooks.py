"""Webhooks as Shopify sends them: signed, and now and then twice or in the wrong order."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.shopify.schema import VERSION


@dataclass(frozen=True)
class Event:
    """Something that happened in the shop.

    ``event_id`` is the same for every delivery of one event; ``webhook_id`` names a delivery and
    is repeated when the delivery is.
    """

    topic: str
    payload: Mapping[str, Any]
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    webhook_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    triggered_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def signature(body: bytes, secret: str) -> str:
    """Base64 HMAC-SHA256 of the raw body: the header ``X-Shopify-Hmac-Sha256``."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@dataclass
class WebhookSender:
    """Sends events to an endpoint.

    Args:
        secret: The app's client secret, which signs.
        shop_domain: Domain of the shop.
    """

    secret: str
    shop_domain: str

    def headers(self, event: Event, body: bytes) -> dict[str, str]:
        """Headers of one delivery."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": event.topic,
            "X-Shopify-Hmac-Sha256": signature(body, self.secret),
            "X-Shopify-Shop-Domain": self.shop_domain,
            "X-Shopify-API-Version": VERSION,
            "X-Shopify-Webhook-Id": event.webhook_id,
            "X-Shopify-Event-Id": event.event_id,
            "X-Shopify-Triggered-At": event.triggered_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }

    def deliver(
        self,
        url: str,
        events: Iterable[Event],
        *,
        duplicates: int = 0,
        shuffle_seed: int | None = None,
    ) -> list[int]:
        """Post events and return the status of each delivery.

        Args:
            url: The endpoint.
            events: What happened, in order.
            duplicates: How many more times each event is delivered.
            shuffle_seed: When given, deliveries come in an order drawn with this seed.
        """
        deliveries = [event for event in events for _ in range(1 + duplicates)]
        if shuffle_seed is not None:
            random.Random(shuffle_seed).shuffle(deliveries)  # noqa: S311
        return [self._post(url, event) for event in deliveries]

    def _post(self, url: str, event: Event) -> int:
        body = json.dumps(event.payload, separators=(",", ":")).encode()
        request = urllib.request.Request(  # noqa: S310
            url, data=body, headers=self.headers(event, body), method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
