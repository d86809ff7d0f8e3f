"""A program that renews tokens in child processes, so that a test may kill them at any instant.

Each line on standard input starts a child and answers with its process id: ``loop`` renews
until it is killed, ``once TIME FILE`` renews at a point in time and writes the token's hash.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from ingestion.auth import Connection, ConnectionStore
from ingestion.auth.token_requests import tls_context
from warehouse.business import load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.errors import HubError


def main(folder: str) -> None:
    """Serve commands until standard input ends."""
    warehouse = open_warehouse(load_business(Path(folder)))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # A test run in the background of a shell ignores both, and hands that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    tls_context()
    ConnectionStore(warehouse).read("quickbooks")  # what is slow the first time is done here
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _run(warehouse, *line.split())
        print(child, flush=True)


def _run(warehouse: Warehouse, command: str, at: str = "0", file: str = "") -> None:
    try:
        if command == "once":
            time.sleep(max(float(at) - time.time(), 0))
            token = Connection(warehouse, "quickbooks").access_token().get_secret_value()
            Path(file).write_text(hashlib.sha256(token.encode()).hexdigest())
        connection = Connection(warehouse, "quickbooks")
        while command == "loop":
            connection.access_token()
    except (HubError, KeyboardInterrupt) as error:
        print(error, file=sys.stderr, flush=True)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
