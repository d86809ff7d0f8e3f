"""How the hub calls dbt: where its files lie, as whom it works, its manifest."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

from warehouse.business import Business
from warehouse.database import Role, Warehouse
from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT, hub_home
from warehouse.settings_tables import store_settings
from warehouse.turns import modelling

DBT_EXECUTABLE = Path(sys.executable).with_name("dbt")
PROFILES_DIR = PROJECT_ROOT / "dbt_project"


def manifest_path() -> Path:
    """dbt's manifest, made again whenever a file of the dbt project has changed.

    It holds the worked questions as SQL; no database is asked for that.
    """
    target = hub_home() / "dbt"
    manifest, stamp = target / "manifest.json", target / "manifest.stamp"
    current = project_digest()
    if manifest.exists() and stamp.exists() and stamp.read_text() == current:
        return manifest
    done = subprocess.run(
        [
            str(DBT_EXECUTABLE),
            "--quiet",
            "compile",
            "--select",
            "resource_type:analysis",
            "--no-introspect",
            "--no-populate-cache",
        ],
        cwd=PROJECT_ROOT,
        env={**os.environ, **_locations(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise HubError(
            f"dbt cannot read its project: {(done.stdout + done.stderr).strip()[-2000:]}",
            fix="Mend the named model or YAML file.",
        )
    stamp.write_text(current)
    return manifest


def metricflow(warehouse: Warehouse, command: Sequence[str]) -> int:
    """Run MetricFlow as the analyst, who reads a business's marts and nothing else; its exit code.

    MetricFlow looks for dbt's artifacts in ``target`` beside the project file and nowhere else, so
    it gets a folder of links, and a manifest of its own.
    """
    project = target_path(warehouse.business) / "metricflow"
    project.mkdir(parents=True, exist_ok=True)
    links = {"dbt_project.yml": PROJECT_ROOT / "dbt_project.yml", "dbt_project": PROFILES_DIR}
    for name, place in links.items():
        link = project / name
        if not link.is_symlink():
            link.symlink_to(place)
    parse = [str(DBT_EXECUTABLE), "--quiet", "parse"]
    with environment(warehouse, role="analyst", target=project / "target"):
        subprocess.run(parse, cwd=PROJECT_ROOT, check=True)
        mf = str(DBT_EXECUTABLE.with_name("mf"))
        return subprocess.run([mf, *command], cwd=project, check=False).returncode


def target_path(business: Business) -> Path:
    """Where dbt writes what it made of one business."""
    return hub_home() / "dbt" / business.slug


@contextmanager
def building(warehouse: Warehouse, as_of_date: date | None = None) -> Iterator[None]:
    """The variables of :func:`environment`, and no rows land while the models are built.

    Args:
        warehouse: the business's; the models read its settings as they are now.
        as_of_date: the day to report as of; None means the last complete day of the data.
    """
    with modelling(warehouse, "transformer"), environment(warehouse):
        store_settings(warehouse, as_of_date)
        yield


@contextmanager
def environment(
    warehouse: Warehouse, role: Role = "transformer", target: Path | None = None
) -> Iterator[None]:
    """The variables the dbt profile reads, set while dbt is called; one call at a time.

    Args:
        warehouse: the business's.
        role: whose rights dbt has.
        target: where dbt writes, by default what all builds of the business share.
    """
    target = target or target_path(warehouse.business)
    parts = urlsplit(warehouse.url(role))
    values = {
        **_locations(target),
        "HUB_DBT_HOST": parts.hostname or "127.0.0.1",
        "HUB_DBT_PORT": str(parts.port),
        "HUB_DBT_USER": unquote(parts.username or ""),
        "HUB_DBT_DATABASE": warehouse.database,
        "DBT_ENV_SECRET_HUB_PASSWORD": warehouse.password(role),
    }
    before = {name: os.environ.get(name) for name in values}
    lock = (target / "build.lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.environ.update(values)
    try:
        yield
    finally:
        lock.close()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _locations(target: Path) -> dict[str, str]:
    target.mkdir(parents=True, exist_ok=True)
    return {
        "DBT_PROFILES_DIR": str(PROFILES_DIR),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
        # Debug lines took a third of a build's time; the folder `run` beside them has the SQL.
        "DBT_LOG_LEVEL_FILE": "info",
    }


def project_digest() -> str:
    """Changes with any file of the dbt project."""
    digest = hashlib.sha256()
    files = [PROJECT_ROOT / "dbt_project.yml", *sorted(PROFILES_DIR.rglob("*"))]
    for file in files:
        if file.is_file() and file.suffix in {".sql", ".yml", ".csv", ".md"}:
            digest.update(str(file.relative_to(PROJECT_ROOT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
