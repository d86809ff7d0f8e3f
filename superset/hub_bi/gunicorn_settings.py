"""How gunicorn runs Superset: loaded once, then shared by threaded workers."""

import gc
from pathlib import Path
from typing import Any

worker_class = "gthread"
preload_app = True
timeout = 120
graceful_timeout = 10
keepalive = 30
loglevel = "warning"
forwarded_allow_ips = "127.0.0.1"
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def pre_fork(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Let the collector leave alone what was loaded: it never goes, and workers share it."""
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Give each worker database connections of its own."""
    from superset.extensions import db

    with worker.app.callable.app_context():
        db.engine.dispose(close=False)
