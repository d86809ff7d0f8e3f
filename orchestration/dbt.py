"""How the hub calls dbt: where its files lie, as whom it works, its manifest."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import yaml

from warehouse.business import Business
from warehouse.database import Role, Warehouse
from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT, hub_home
from warehouse.settings_tables import store_settings
from warehouse.turns import modelling

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

DBT_EXECUTABLE = Path(sys.executable).with_name("dbt")
PROFILES_DIR = PROJECT_ROOT / "dbt_project"
SEMANTIC_MANIFEST = "semantic_manifest.json"  # what dbt has read of the metrics
_HERE = ("--project-dir", str(PROJECT_ROOT))  # wherever the process was started
# dbt puts every event into words for each log before it asks whether the log wants it.
_DUE = "due"  # the tag of what a call builds
_SILENT = ("--log-level", "none", "--log-level-file", "none")


def manifest_path() -> Path:
    """dbt's ``manifest.json``, made again whenever a file of the dbt project has changed.

    It holds the worked questions as SQL; no database is asked for that.
    """
    target = hub_home() / "dbt"
    manifest = target / "manifest.json"
    with _one_at_a_time(target):
        if not _is_current(target):
            _parse(target)
    return manifest


@contextmanager
def parsing_beside() -> Iterator[None]:
    """Read the project in another process while the block runs, if a file of it has changed.

    It takes a quarter of a minute, in which sources load. Whoever needs it first waits for it.
    """
    process = None
    if not _is_current(hub_home() / "dbt"):
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.dbt"],
            cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        yield
    finally:
        if process:
            process.terminate()
            process.wait()


def project_manifest() -> dict[str, Any]:
    """dbt's ``manifest.json`` as it is now."""
    return _read_manifest(manifest_path(), project_digest())


@lru_cache(maxsize=1)
def _read_manifest(path: Path, digest: str) -> dict[str, Any]:  # noqa: ARG001 - another project is another one
    manifest: dict[str, Any] = json.loads(path.read_bytes())
    return manifest


def project_variables() -> dict[str, Any]:
    """The variables of ``dbt_project.yml``."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = project["vars"]
    return found


def parsed_project(database: str) -> Manifest:
    """The project as dbt reads it, for a business's database; only its name differs.

    dbt takes seconds to read its project, and milliseconds to take this one.
    """
    manifest_path()
    manifest: Manifest = pickle.loads(_kept(hub_home() / "dbt").read_bytes())  # noqa: S301 - ours
    for resource in (*manifest.nodes.values(), *manifest.sources.values()):
        if relation := getattr(resource, "relation_name", None):
            resource.relation_name = relation.replace(resource.database, database, 1)
        resource.database = database
    return manifest


def _kept(target: Path) -> Path:
    return target / "project.pickle"


def _is_current(target: Path) -> bool:
    stamp = target / "manifest.stamp"
    files = (target / "manifest.json", target / SEMANTIC_MANIFEST, _kept(target), stamp)
    return all(file.exists() for file in files) and stamp.read_text() == project_digest()


def _parse(target: Path) -> None:
    """Read the project, and write it down as dbt's own manifest and as its parsed form.

    Raises:
        HubError: a model or a YAML file is wrong.
    """
    from dbt.contracts.graph.manifest import Manifest

    stamp = project_digest()
    questions = ["--select", "resource_type:analysis", "--no-introspect", "--no-populate-cache"]
    with _variables(_locations(target)):
        # Read again in part, dbt forgets the YAML of a singular test whose SQL was edited.
        parsed = invoke(None, ["--no-partial-parse", "parse", *_HERE])
        if not isinstance(parsed.result, Manifest):
            raise _unreadable(parsed.exception)
        kept = pickle.dumps(parsed.result)
        done = invoke(parsed.result, ["compile", *_HERE, *questions])
    if not done.success:
        raise _unreadable(done.exception)
    _kept(target).write_bytes(kept)
    (target / "manifest.stamp").write_text(stamp)


def _unreadable(error: BaseException | None) -> HubError:
    return HubError(
        f"dbt cannot read its project: {error}", fix="Mend the named model or YAML file."
    )


def invoke(
    project: Manifest | None,
    command: Sequence[str],
    callbacks: Sequence[Callable[[EventMsg], None]] = (),
) -> dbtRunnerResult:
    """Call dbt in this process; what it has to say comes as results and to the callbacks.

    Each call makes an adapter, which adds its flags to a list that outlives it, and searches all
    loaded modules for the origin of each flag: the hundredth call would take ten seconds to start.
    """
    from dbt.adapters.base import impl
    from dbt.cli.main import dbtRunner
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    from orchestration.dbt_events import HeardEvents

    flags = list(impl.DEFAULT_BASE_BEHAVIOR_FLAGS)
    ctx_set_event_manager(HeardEvents(has_listeners=bool(callbacks)))
    try:
        return dbtRunner(project, callbacks=list(callbacks)).invoke([*_SILENT, *command])
    finally:
        impl.DEFAULT_BASE_BEHAVIOR_FLAGS[:] = flags


@dataclass(frozen=True)
class NodeResult:
    """What became of one node of a build.

    Attributes:
        status: dbt's word: success, error, skipped; pass, fail, warn.
        seconds: how long it took.
        message: dbt's words where something is to be told.
        failures: rows that a test found.
    """

    unique_id: str
    status: str
    seconds: float
    message: str | None
    failures: int | None

    @property
    def is_fine(self) -> bool:
        """Nothing hinders what comes after it."""
        return self.status in ("success", "pass", "warn")


def build(
    warehouse: Warehouse,
    names: Collection[str],
    *,
    rebuilt: Collection[str] = (),
    as_of_date: date | None = None,
) -> list[NodeResult]:
    """Build nodes in this process.

    Args:
        names: unique ids of models, seeds, snapshots and tests: these and no others.
        rebuilt: incremental models to be built whole.
        as_of_date: the day to look from; None means the last complete day of the data.

    Raises:
        HubError: dbt stopped before it built anything.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult

    manifest = parsed_project(warehouse.database)
    leave_out_the_rest(manifest, names)
    build_whole(manifest, rebuilt)
    # By name, dbt compares each of hundreds with each of hundreds: seconds.
    for name in names:
        manifest.nodes[name].tags.append(_DUE)
    command = [
        "--no-write-json", "build", *_HERE, "--select", f"tag:{_DUE}",
        "--indirect-selection", "empty",
    ]  # fmt: skip
    with building(warehouse, as_of_date):
        done = invoke(manifest, command)
    if not isinstance(done.result, RunExecutionResult):
        raise HubError(
            f"dbt could not start: {done.exception}",
            fix="Run again. All that dbt says of it: hub dbt -- build",
        )
    return [
        NodeResult(
            unique_id=result.node.unique_id,
            status=str(result.status),
            seconds=result.execution_time,
            message=result.message or None,
            failures=result.failures,
        )
        for result in done.result.results
        if result.node.unique_id in names
    ]


def build_whole(manifest: Manifest, names: Collection[str]) -> None:
    """Have the next build make some incremental models from all rows.

    The project's own ``full_refresh: false`` would be overruled; no such model may be among them.
    """
    for name in names:
        manifest.nodes[name].config["full_refresh"] = True


def leave_out_the_rest(manifest: Manifest, names: Collection[str]) -> None:
    """Take away what some nodes do not need: dbt works on the graph of all of it for each call.

    What dbt does before and after each build stays (``on-run-start``, ``on-run-end``), and tests of
    what is built if they read only new rows: without them nobody could say what was tested (see the
    macro ``remember_checked_loads``).
    """
    nodes = manifest.nodes
    if any("graph" in nodes[name].raw_code for name in names):
        return  # it says something of all others
    needed: set[str] = set()
    waiting = [*names, *(name for name in nodes if name.startswith("operation."))]
    for name, node in nodes.items():
        reads_new_rows = "unchecked" in f"{node.raw_code} {node.config.get('where')}"
        if name.startswith("test.") and reads_new_rows and {*node.depends_on_nodes} & {*names}:
            waiting.append(name)
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in needed:
            needed.add(name)
            waiting += nodes[name].depends_on_nodes
    manifest.nodes = {name: node for name, node in nodes.items() if name in needed}
    for rest in (manifest.unit_tests, manifest.exposures, manifest.metrics,
                 manifest.semantic_models, manifest.saved_queries):  # fmt: skip
        rest.clear()


def call(warehouse: Warehouse, command: Sequence[str]) -> int:
    """Run dbt as a person would, on a business; its exit code."""
    with building(warehouse):
        return subprocess.run(
            [str(DBT_EXECUTABLE), *command], cwd=PROJECT_ROOT, check=False
        ).returncode


def metricflow(warehouse: Warehouse, command: Sequence[str]) -> int:
    """Run MetricFlow as the analyst, who reads a business's marts and nothing else; its exit code.

    MetricFlow looks for dbt's artifacts in ``target`` beside the project file and nowhere else, so
    it gets a folder of links, and what dbt has read of the metrics, for the business's database.
    """
    project = target_path(warehouse.business) / "metricflow"
    target = project / "target"
    links = {"dbt_project.yml": PROJECT_ROOT / "dbt_project.yml", "dbt_project": PROFILES_DIR}
    metrics = manifest_path().with_name(SEMANTIC_MANIFEST)
    with environment(warehouse, role="analyst", target=target):
        for name, place in links.items():
            link = project / name
            if not link.is_symlink():
                link.symlink_to(place)
        read = json.loads(metrics.read_text(encoding="utf-8"))
        for model in read["semantic_models"]:
            place = model["node_relation"]
            place["relation_name"] = place["relation_name"].replace(
                place["database"], warehouse.database, 1
            )
            place["database"] = warehouse.database
        (target / metrics.name).write_text(json.dumps(read), encoding="utf-8")
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
    with _one_at_a_time(target), _variables(values):
        yield


@contextmanager
def _one_at_a_time(target: Path) -> Iterator[None]:
    """Wait for another process that writes to the same folder."""
    target.mkdir(parents=True, exist_ok=True)
    with (target / "build.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
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
    """Changes with any file of the dbt project, and with dbt, whose parsed form is kept."""
    digest = hashlib.sha256(version("dbt-core").encode())
    files = [PROJECT_ROOT / "dbt_project.yml", *sorted(PROFILES_DIR.rglob("*"))]
    for file in files:
        if file.is_file() and file.suffix in {".sql", ".yml", ".csv", ".md"}:
            digest.update(str(file.relative_to(PROJECT_ROOT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    manifest_path()
