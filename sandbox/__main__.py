"""Generate a business and serve its systems: ``python -m sandbox FOLDER [--live]``.

The folder keeps the world; it is made again only when other settings are asked for. Each system
has an address of its own, where ``/sandbox/clock`` and ``/sandbox/advance`` read and move the clock
of the world that all of them share.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from sandbox.oauth import OAuthServer, Source
from sandbox.quickbooks import Webhooks, quickbooks_app
from sandbox.serving import dated, serving
from sandbox.shopify.cost import RESTORE_RATES, Plan
from sandbox.shopify.execution import Shop
from sandbox.shopify.server import create_app
from sandbox.shopify.webhooks import WebhookSender
from sandbox.shopify.world_documents import WorldDocuments
from sandbox.shopify.world_tables import Tables
from sandbox.shopify.world_webhooks import deletion_events, webhook_events
from sandbox.spreadsheets import write_inbox
from sandbox.square import square_app
from sandbox.square.books import Books
from sandbox.square.webhooks import deliver, notifications
from sandbox.world import World, WorldSettings, generate
from sandbox.world.generate import SETTINGS_FILE, described
from sandbox.world.live import Listener, LiveWorld, kept_clock, told
from sandbox.world.world import Happening

TOKEN = "sandbox"  # noqa: S105 - opens nothing but made-up data on this machine
SECRET = "hub-secret"  # noqa: S105 - signs webhooks, of the client hub-client
# At the usual speed something happens about this often.
SECONDS_BETWEEN_ORDERS = 3.0
CLOCK_FILE = "clock"
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def main() -> None:
    """The command line."""
    # Documents hold no cycles: looking for them takes a third of the time of a bulk operation.
    gc.set_threshold(200_000, 20, 100)
    options = _parser().parse_args()
    settings = WorldSettings(
        options.seed, options.years, options.orders_per_day, last_day=options.last_day
    )
    world = opened(settings, options.folder)
    ((orders, lines),) = world.rows(
        "select (select count(*) from orders), (select count(*) from order_lines)"
    )
    print(f"{settings.name}: {orders:,} orders, {lines:,} lines in {options.folder}")
    if options.only_generate:
        return
    start = options.now or _start(world, options.start_before if options.live else timedelta())
    if options.resume:
        start = kept_clock(options.folder / CLOCK_FILE, start)
    world.close()
    world = World(options.folder, now=start)
    if options.inbox:
        write_inbox(world, options.inbox)
    ports: dict[Source, int] = {"square": options.square_port, "shopify": options.shopify_port,
                                "quickbooks": options.quickbooks_port}  # fmt: skip
    stop = threading.Event()
    clock_file = options.folder / CLOCK_FILE
    with running(world, ports, options.webhook_url, options.shopify_plan, clock_file) as (
        live,
        addresses,
    ):
        for source, address in addresses.items():
            print(f"{source:<10} {address}  (token {TOKEN}, or sign in as hub-client)")
        print(f"The clock stands at {world.now:%Y-%m-%d %H:%M} UTC. Stop with Ctrl-C", flush=True)
        try:
            if options.live:
                each = SECONDS_BETWEEN_ORDERS * options.orders_per_day
                live.run(options.speed or 86_400 / each, stop)
            stop.wait()
        except KeyboardInterrupt:
            print("Stopped")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the world is kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--years", type=float, default=1.0)
    parser.add_argument("--orders-per-day", type=float, default=100.0)
    parser.add_argument("--last-day", type=_day, default=WorldSettings().last_day,
                        help="the last day of business: a date, today or yesterday")  # fmt: skip
    parser.add_argument("--square-port", type=int, default=0, help="a free one when 0")
    parser.add_argument("--shopify-port", type=int, default=0, help="a free one when 0")
    parser.add_argument("--quickbooks-port", type=int, default=0, help="a free one when 0")
    parser.add_argument("--only-generate", action="store_true", help="write the world and stop")
    parser.add_argument("--shopify-plan", choices=tuple(RESTORE_RATES), default="standard",
                        help="which plan's rate limit the shop has")  # fmt: skip
    parser.add_argument("--now", type=_moment,
                        help="where the clock starts, such as 2026-09-30T12:00:00Z; by default "
                        "the real present, if the world reaches beyond it")  # fmt: skip
    parser.add_argument("--resume", action="store_true",
                        help="go on where the clock stood last, if that is later")  # fmt: skip
    parser.add_argument("--live", action="store_true", help="let the clock of the world run")
    parser.add_argument("--speed", type=float,
                        help="how many times as fast as a real clock; by default an order is "
                        f"placed about every {SECONDS_BETWEEN_ORDERS:g} seconds")  # fmt: skip
    parser.add_argument("--start-before", type=_span, default=timedelta(days=3),
                        help="how long before its end a live world starts that is over: "
                        "12h, 3d")  # fmt: skip
    parser.add_argument(
        "--inbox",
        type=Path,
        help="where to write what the owner keeps in spreadsheets, at the start",
    )
    parser.add_argument("--webhook-url", help="where the systems send their webhooks")
    return parser


def _start(world: World, before: timedelta) -> datetime:
    """The real present; a world that is over starts some time before its end."""
    present = datetime.now(UTC)
    return present if present < world.ends_at else world.ends_at - before


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(text: str) -> date:
    today = datetime.now().astimezone().date()
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    return named.get(text) or date.fromisoformat(text)


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not found:
        raise argparse.ArgumentTypeError("a number with s, m, h or d, such as 3d")
    return timedelta(**{UNITS[found[2]]: float(found[1])})


@contextmanager
def running(
    world: World, ports: dict[Source, int], webhook_url: str | None = None,
    shopify_plan: Plan = "standard", clock_file: Path | None = None,
) -> Iterator[tuple[LiveWorld, dict[Source, str]]]:  # fmt: skip
    """Serve the systems of a world while the block runs.

    Args:
        world: what they show, as of its present.
        ports: where each listens; only these systems are served.
        webhook_url: where webhooks go; signed with ``hub-secret``.
        shopify_plan: decides Shopify's rate limit.
        clock_file: where it is written down how late it is.

    Yields:
        The clock to move, and the address of each system.
    """
    with ExitStack() as stack:
        apps = _apps(world, stack, shopify_plan)
        listeners = [_teller(world), *(_senders(world, webhook_url, ports) if webhook_url else [])]
        live = LiveWorld(world, *listeners, clock_file=clock_file)
        addresses: dict[Source, str] = {}
        for source, port in ports.items():
            sign_in = OAuthServer()
            sign_in.personal_token(source, TOKEN)
            front = Starlette(
                routes=[*live.routes(), Mount("/", sign_in.app(apps[source](sign_in)))]
            )
            addresses[source] = stack.enter_context(serving(dated(front, lambda: world.now), port))
        yield live, addresses


def _apps(
    world: World, stack: ExitStack, shopify_plan: Plan
) -> dict[Source, Callable[[OAuthServer], ASGIApp]]:
    """What makes the server of each system; another system is added here."""

    def square(sign_in: OAuthServer) -> ASGIApp:
        return square_app(world, lambda token: sign_in.holder(token) is not None)

    def quickbooks(sign_in: OAuthServer) -> ASGIApp:
        return quickbooks_app(world, lambda token: sign_in.holder(token) is not None)

    def shopify(sign_in: OAuthServer) -> ASGIApp:
        def scopes(token: str) -> frozenset[str] | None:
            grant = sign_in.holder(token)
            return frozenset(grant.scopes.split(",")) if grant else None

        shop = Shop(WorldDocuments(world), scopes, shopify_plan, present=lambda: world.now)
        stack.callback(shop.bulk.close)
        return create_app(shop)

    return {"square": square, "shopify": shopify, "quickbooks": quickbooks}


def _teller(world: World) -> Listener:
    def tell(happened: Sequence[Happening]) -> None:
        print("\n".join(told(happened, world.settings["currency"])), flush=True)

    return tell


def _senders(world: World, url: str, sources: Iterable[Source]) -> list[Listener]:
    """Listeners that send the webhooks of each system."""

    def square(happened: Sequence[Happening]) -> None:
        deliver(url, SECRET, notifications(Books(world), happened))

    told_until: dict[Source, datetime] = {"shopify": world.now, "quickbooks": world.now}

    def shopify(happened: Sequence[Happening]) -> None:
        since, until = told_until["shopify"], world.now
        told_until["shopify"] = until
        sender = WebhookSender(SECRET, "hub-sandbox.myshopify.com")
        sender.deliver(url, [*webhook_events(Tables(world), happened),
                             *deletion_events(Tables(world), since, until)])  # fmt: skip

    def quickbooks(_: Sequence[Happening]) -> None:
        since, until = told_until["quickbooks"], world.now
        told_until["quickbooks"] = until
        Webhooks(world, SECRET).deliver(url, since, until)

    senders: dict[Source, Listener] = {
        "square": square, "shopify": shopify, "quickbooks": quickbooks,
    }  # fmt: skip
    return [_forgiving(senders[source], url) for source in sources]


def _forgiving(send: Listener, url: str) -> Listener:
    def tried(happened: Sequence[Happening]) -> None:
        try:
            send(happened)
        except (OSError, httpx.HTTPError) as error:
            print(f"webhooks to {url} were not taken: {error}", flush=True)

    return tried


def opened(settings: WorldSettings, folder: Path) -> World:
    """The world of a folder, generated when it is not there with these settings (and version)."""
    file = folder / SETTINGS_FILE
    if file.exists() and json.loads(file.read_text(encoding="utf-8")) == described(settings):
        return World(folder)
    (folder / CLOCK_FILE).unlink(missing_ok=True)
    return generate(settings, folder)


if __name__ == "__main__":
    main()
