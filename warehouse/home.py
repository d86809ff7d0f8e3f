"""Where the hub keeps what it makes: server data, logs, generated credentials, run history.

Nothing here is an owner's data or a secret an owner brought; deleting the folder loses only
what a run can make again (and the databases inside it).
"""

from __future__ import annotations

import os
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def hub_home() -> Path:
    """The state folder: ``HUB_HOME``, or ``.hub`` beside the code."""
    configured = os.environ.get("HUB_HOME")
    home = Path(configured).expanduser().resolve() if configured else PROJECT_ROOT / ".hub"
    home.mkdir(parents=True, exist_ok=True, mode=0o755)
    return home


def config_home() -> Path:
    """The user's configuration folder for the hub, readable by that user alone."""
    configured = os.environ.get("HUB_CONFIG_HOME")
    if configured:
        folder = Path(configured).expanduser()
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
        folder = Path(base).expanduser() / "business-hub"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def write_private(path: Path, content: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
