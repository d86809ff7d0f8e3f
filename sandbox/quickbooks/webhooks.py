"""What QuickBooks tells subscribers: CloudEvents with ids only, signed over the whole body.

The payment of a credit card has no webhooks. Format: developer.intuit.com, "Webhooks", in force
since May 2026.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from sandbox.quickbooks.server import COMPANY_ID
from sandbox.world.world import World

Json = dict[str, Any]
MOST_TOGETHER = 100
CHANGES = """
    select known_from as moment, kind, document_id as id,
        case change when 'create' then 'created' when 'edit' then 'updated'
            when 'void' then 'voided' else 'deleted' end as what
    from quickbooks_versions
    union all
    select unnest([known_from, known_until]), target_kind, target_id, 'updated'
    from quickbooks_links
    union all
    select created_at, 'Customer', id, 'created' from quickbooks_customers
    where created_at is not null
    union all
    select edited_at, 'Customer', id, 'updated' from quickbooks_customers
    where edited_at is not null"""
SUBSCRIBED = f"""
    with changes as ({CHANGES})
    select distinct * from changes
    where moment > $since and moment <= $until and kind <> 'CreditCardPayment'
    order by moment, kind, id, what"""


def signature(body: bytes, verifier_token: str) -> str:
    """The header ``intuit-signature`` of a body."""
    digest = hmac.digest(verifier_token.encode(), body, hashlib.sha256)
    return base64.b64encode(digest).decode()


class Webhooks:
    """Tells one subscriber of changes.

    Args:
        world: a world whose books are written (its ``quickbooks_app`` exists).
        verifier_token: the secret that bodies are signed with.
    """

    def __init__(self, world: World, verifier_token: str, *,
                 company_id: str = COMPANY_ID) -> None:  # fmt: skip
        self._world = world
        self._verifier_token = verifier_token
        self._company_id = company_id
        digest = hashlib.sha256(company_id.encode()).digest()
        self._source = f"intuit.{base64.urlsafe_b64encode(digest).decode()}"

    def events(self, since: datetime, until: datetime) -> list[Json]:
        """One CloudEvent per change after one instant and up to another, oldest first."""
        found = self._world.database.cursor().execute(SUBSCRIBED, {"since": since, "until": until})
        return [self._event(*row) for row in found.fetchall()]

    def _event(self, at: datetime, kind: str, number: int, what: str) -> Json:
        name = f"{self._company_id}/{kind}/{number}/{what}/{at.isoformat()}"
        return {
            "specversion": "1.0", "id": f"{uuid.uuid5(uuid.NAMESPACE_URL, name)}-{kind}-{number}",
            "source": self._source, "type": f"qbo.{kind.lower()}.{what}.v1",
            "datacontenttype": "application/json",
            "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "intuitentityid": str(number), "intuitaccountid": self._company_id, "data": {},
        }  # fmt: skip

    def bodies(self, since: datetime, until: datetime) -> Iterator[tuple[bytes, dict[str, str]]]:
        """Bodies to post with their headers; each holds a list of events."""
        events = self.events(since, until)
        for start in range(0, len(events), MOST_TOGETHER):
            body = json.dumps(events[start : start + MOST_TOGETHER]).encode()
            yield body, {"Content-Type": "application/json; charset=utf-8",
                         "intuit-signature": signature(body, self._verifier_token)}  # fmt: skip

    def deliver(self, url: str, since: datetime, until: datetime) -> Sequence[int]:
        """Post what changed; the statuses that came back."""
        return [
            httpx.post(url, content=body, headers=headers, timeout=10).status_code
            for body, headers in self.bodies(since, until)
        ]
