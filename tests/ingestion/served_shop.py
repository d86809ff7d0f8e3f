"""A generated shop whose three systems are served, and a business that is connected to one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from psycopg import sql

from ingestion.api import SourceReport, Stream, load_streams
from ingestion.auth import Connection, ConnectionStore, SourceSystem
from ingestion.sources.quickbooks import QuickBooksClient, quickbooks_streams
from ingestion.sources.shopify import ShopifyClient, shopify_streams
from ingestion.sources.square import SquareClient, square_streams
from sandbox.faults import FaultPlan, FaultyApp
from sandbox.oauth import OAuthServer
from sandbox.quickbooks import quickbooks_app
from sandbox.serving import dated, serving
from sandbox.shopify.execution import Shop
from sandbox.shopify.server import create_app
from sandbox.shopify.world_documents import WorldDocuments
from sandbox.square import square_app
from sandbox.world import World
from tests.oauth_stand_in import at, credentials
from warehouse.database import Warehouse
from warehouse.vault import open_vault

SOURCES: tuple[SourceSystem, ...] = ("square", "shopify", "quickbooks")
Fingerprint = dict[str, tuple[int, str | None]]
LEFT_OUT = frozenset(("_loaded_at", "_load_number", "read_at", "_is_emptied"))
TOKEN = "(email|phone|name|address|note)_[A-Za-z0-9_-]{22}"


@dataclass
class ServedSystem:
    """One system of a world on a real port, its sign-in and its faults in front of it."""

    source: SourceSystem
    world: World
    sign_in: OAuthServer
    faults: FaultPlan
    address: str

    def connect(self, warehouse: Warehouse) -> ConnectedShop:
        """Connect a business, as its owner did some time ago."""
        here = at(warehouse, self.source, self.address)
        open_vault(here)
        grant = self.sign_in.grant(self.source)
        expired = credentials(grant, expires_in=timedelta(seconds=-1))
        ConnectionStore(here).connect(self.source, expired)
        return ConnectedShop(self, here)


@dataclass
class ConnectedShop:
    """A business whose source can be loaded."""

    system: ServedSystem
    warehouse: Warehouse
    pauses: list[float] = field(default_factory=list)

    def streams(self) -> list[Stream]:
        """Streams over a client that does not really wait."""
        connection = Connection(self.warehouse, self.system.source)
        url, auth = connection.api_url, connection.auth()
        self.retries: list[str] = []
        common: dict[str, Any] = {"on_retry": self.retries.append, "sleep": self.pauses.append}
        if self.system.source == "square":
            return square_streams(SquareClient(url, auth, **common), self.warehouse)
        if self.system.source == "shopify":
            # A bulk operation has to be waited for.
            common["sleep"] = lambda seconds: threading.Event().wait(min(seconds, 0.02))
            return shopify_streams(ShopifyClient(url, auth, **common))
        company = str(connection.account_id)
        client = QuickBooksClient(url, auth, company, **common)
        return quickbooks_streams(client, self.warehouse)

    def load(
        self, change: Callable[[Stream], Stream] | None = None, only: str | None = None,
        **options: Any,
    ) -> SourceReport:  # fmt: skip
        """Load what is new, perhaps through changed streams, perhaps of one kind of documents."""
        streams = [stream for stream in self.streams() if only in (None, stream.name)]
        if change:
            streams = [change(stream) for stream in streams]
        return load_streams(
            self.warehouse, open_vault(self.warehouse), self.system.source, streams,
            retries=self.retries, **options,
        )  # fmt: skip

    def one(self, query: str) -> Any:
        """The single value of a query, as the loader."""
        with self.warehouse.connect("loader") as connection:
            row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        assert row is not None
        return row[0]

    def fingerprint(self) -> Fingerprint:
        """Rows and a checksum of their values by raw table, of documents that are not deleted.

        Tokens, which differ from one business to another, and times of reading are left out.
        """
        schema = f"raw_{self.system.source}"
        found: Fingerprint = {}
        with self.warehouse.connect("loader") as connection:
            for stream in self.streams():
                root = stream.table
                alive = sql.SQL("select {} from {} where _deleted_at is null").format(
                    sql.Identifier(root.key_column), sql.Identifier(schema, root.name)
                )
                for name, fields in root.schemas.items():
                    shown = [sql.Identifier(each) for each in fields.names if each not in LEFT_OUT]
                    key = root.key_column if name == root.name else fields.names[0]
                    query = sql.SQL(
                        "select count(*), md5(string_agg(line, ';' order by line)) from (select "
                        "md5(regexp_replace(row({})::text, {}, '', 'g')) as line from {} "
                        "where {} in ({})) as lines"
                    ).format(
                        sql.SQL(", ").join(shown), sql.Literal(TOKEN),
                        sql.Identifier(schema, name), sql.Identifier(key), alive,
                    )  # fmt: skip
                    found[name] = connection.execute(query).fetchone() or (0, None)
        return found


@contextmanager
def served(
    source: SourceSystem, world: World, rotation: str = "single_use",
    in_front: Callable[[Any], Any] = lambda app: app,
) -> Iterator[ServedSystem]:  # fmt: skip
    """Serve one system of a world until the block ends.

    Args:
        rotation: what becomes of a refresh token that was used.
        in_front: puts something before the API.
    """
    sign_in = OAuthServer(rotation=rotation)  # type: ignore[arg-type]

    def is_allowed(token: str) -> bool:
        return sign_in.holder(token) is not None

    shop = None
    if source == "square":
        api: Any = square_app(world, is_allowed)
    elif source == "quickbooks":
        api = quickbooks_app(world, is_allowed)
    else:
        shop = Shop(WorldDocuments(world), lambda token: _scopes(sign_in, token),
                    bucket_size=1e9, present=lambda: world.now)  # fmt: skip
        api = create_app(shop)
    plan = FaultPlan()
    front = dated(in_front(sign_in.app(api)), lambda: world.now)
    with serving(FaultyApp(front, plan)) as address:
        yield ServedSystem(source, world, sign_in, plan, address)
    if shop:
        shop.bulk.close()


def _scopes(sign_in: OAuthServer, token: str) -> frozenset[str] | None:
    grant = sign_in.holder(token)
    return None if grant is None else frozenset(grant.scopes.split(","))


def reread(stream: Stream, days: float) -> Stream:
    """A stream that gives everything of the last days again."""
    if stream.changed_at is None:
        return stream
    return replace(stream, overlap=timedelta(days=days), tells_changes=False)
