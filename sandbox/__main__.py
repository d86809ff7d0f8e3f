"""Generate a business and serve its systems: ``python -m sandbox FOLDER [--orders-per-day 100]``.

The folder keeps the world; it is made again only when other settings are asked for.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from sandbox.oauth import OAuthServer
from sandbox.serving import serving
from sandbox.square import square_app
from sandbox.world import World, WorldSettings, generate

TOKEN = "sandbox"  # noqa: S105 - opens nothing but made-up data on this machine


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the world is kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--years", type=float, default=1.0)
    parser.add_argument("--orders-per-day", type=float, default=100.0)
    parser.add_argument("--square-port", type=int, default=0, help="a free one when 0")
    parser.add_argument("--only-generate", action="store_true", help="write the world and stop")
    options = parser.parse_args()
    settings = WorldSettings(options.seed, options.years, options.orders_per_day)
    world = opened(settings, options.folder)
    ((orders, lines),) = world.rows(
        "select (select count(*) from orders), (select count(*) from order_lines)"
    )
    print(f"{settings.name}: {orders:,} orders, {lines:,} lines in {options.folder}")
    if options.only_generate:
        return
    with ExitStack() as running:
        sign_in = OAuthServer()
        sign_in.personal_token("square", TOKEN)
        square = square_app(world, lambda token: sign_in.holder(token) is not None)
        address = running.enter_context(serving(sign_in.app(square), options.square_port))
        print(f"Square   {address}  (token: {TOKEN})\nStop with Ctrl-C", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print("Stopped")


def opened(settings: WorldSettings, folder: Path) -> World:
    """The world of a folder, generated when it is not there with these settings."""
    file = folder / "world.json"
    wanted = asdict(settings) | {"last_day": settings.last_day.isoformat()}
    if file.exists() and json.loads(file.read_text(encoding="utf-8")) == json.loads(
        json.dumps(wanted)
    ):
        return World(folder)
    return generate(settings, folder)


if __name__ == "__main__":
    main()
