"""What the hub signs in to a source with. Secrets are masked wherever they are printed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, SecretStr

SourceSystem = Literal["shopify", "square", "quickbooks"]
SOURCE_SYSTEMS: tuple[SourceSystem, ...] = get_args(SourceSystem)
TITLES: dict[SourceSystem, str] = {
    "shopify": "Shopify",
    "square": "Square",
    "quickbooks": "QuickBooks",
}
Flow = Literal["fixed", "client_credentials", "refresh_token"]


class Credentials(BaseModel):
    """The secrets of one connection.

    ``flow`` says how a new access token is had: not at all (``fixed``, a personal token), with
    the app's own id and secret, or with the refresh token. ``account_id`` is the shop's domain,
    Square's merchant or QuickBooks' company. ``scopes`` are those the source said it granted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flow: Flow
    account_id: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    access_token: SecretStr | None = None
    access_issued_at: datetime | None = None
    access_expires_at: datetime | None = None
    refresh_token: SecretStr | None = None
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """All fields in clear, to be sealed at once."""
        fields = self.model_dump(mode="json", exclude_none=True)
        for name in ("client_secret", "access_token", "refresh_token"):
            secret: SecretStr | None = getattr(self, name)
            if secret is not None:
                fields[name] = secret.get_secret_value()
        return json.dumps(fields).encode()

    @classmethod
    def from_bytes(cls, clear: bytes) -> Credentials:
        """The credentials that ``to_bytes`` wrote."""
        return cls.model_validate_json(clear)
