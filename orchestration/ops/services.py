"""The long-running programs: Dagster's webserver and daemon, and Superset.

`hub up` starts them and waits until they answer; `hub down` stops exactly those it started.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NoReturn

import psycopg

from orchestration import dbt as hub_dbt
from orchestration.resources import BUSINESS_VARIABLE
from warehouse.business import BUILT_IN_USERS
from warehouse.database import Warehouse, service_database_url
from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT, hub_home, write_private

SUPERSET_ROOM = PROJECT_ROOT / "superset"
SUPERSET_PYTHON = SUPERSET_ROOM / ".venv" / "bin" / "python"
PREFERRED_PORTS = {"dagster": 3000, "superset": 8088, "code": 3001}
# By what the command line of a running service is told from another program's of the same number.
MARKERS = {
    "code": "dagster api grpc",
    "dagster": "dagster-webserver",
    "daemon": "dagster-daemon",
    "superset": "superset",
    "sandbox": "-m sandbox",
}
START_SECONDS = 180.0

Progress = Callable[[str], None]
ServiceName = Literal["code", "dagster", "daemon", "superset", "superset-worker", "superset-beat"]
# Where Dagster's webserver and daemon find the definitions.
CODE_HOST, CODE_PORT = "HUB_CODE_HOST", "HUB_CODE_PORT"


@dataclass(frozen=True)
class Service:
    """A program the hub started."""

    name: str
    pid: int
    port: int | None
    marker: str
    business: str

    @property
    def url(self) -> str | None:
        """Where it answers, if it serves pages."""
        return f"http://127.0.0.1:{self.port}" if self.port else None

    @property
    def is_running(self) -> bool:
        """Whether the process is alive and still the program that was started."""
        try:
            command = Path(f"/proc/{self.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            if Path("/proc/self").exists():
                return False
            done = subprocess.run(
                ["ps", "-p", str(self.pid), "-o", "args="],
                capture_output=True,
                text=True,
                check=False,
            )
            command = done.stdout
        return self.marker in command


# -- environments ------------------------------------------------------------------------


def dagster_environment(business_folder: Path) -> dict[str, str]:
    """Variables of every Dagster process: its home, its database, the business."""
    home = hub_home() / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(
        "storage:\n  postgres:\n    postgres_url:\n      env: HUB_DAGSTER_DATABASE_URL\n"
        "telemetry:\n  enabled: false\n"
        "nux:\n  enabled: false\n"
        "run_coordinator:\n  module: dagster\n  class: QueuedRunCoordinator\n  config:\n"
        "    max_concurrent_runs: 1\n    dequeue_interval_seconds: 2\n"
        "run_monitoring:\n  enabled: true\n"
        # The hub plans its runs itself; no asset has a condition of automation.
        "auto_materialize:\n  enabled: false\n"
        # Sensors are evaluated four times a minute; a year of ticks would be millions of rows.
        "retention:\n  schedule:\n    purge_after_days: 90\n  sensor:\n    purge_after_days:\n"
        "      skipped: 1\n      success: 7\n      failure: 30\n"
        # A look for new sales must not hold up the other sensors.
        "sensors:\n  use_threads: true\n  num_workers: 4\n",
        encoding="utf-8",
    )
    # Given the module itself, the daemon would start another process to import it every minute.
    (home / "workspace.yaml").write_text(
        f"load_from:\n  - grpc_server:\n      host: {{env: {CODE_HOST}}}\n"
        f"      port: {{env: {CODE_PORT}}}\n      location_name: hub\n",
        encoding="utf-8",
    )
    return {
        "DAGSTER_HOME": str(home),
        "HUB_DAGSTER_DATABASE_URL": service_database_url("dagster"),
        # By default a minute, in which a busy computer may not load all sales of a night.
        "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "600",
        # By default half a minute; data that is hours old is no news to the second.
        "FRESHNESS_DAEMON_INTERVAL_SECONDS": "300",
        "HUB_HOME": str(hub_home()),
        BUSINESS_VARIABLE: str(business_folder),
    }


def superset_environment(warehouse: Warehouse) -> dict[str, str]:
    """Variables of every Superset process."""
    secrets_by_name = _superset_secrets(warehouse)
    server, role = warehouse.server, warehouse.role_name("bi_reader")
    metadata = service_database_url("superset").replace(
        "postgresql://", "postgresql+psycopg2://", 1
    )
    environment = {
        "PYTHONPATH": str(SUPERSET_ROOM),
        # Superset takes "today" and "last week" from the clock of its process.
        "TZ": warehouse.business.time_zone,
        "SUPERSET_CONFIG_PATH": str(SUPERSET_ROOM / "superset_config.py"),
        "SUPERSET_METADATA_URI": metadata,
        "SUPERSET_SECRET_KEY": secrets_by_name["secret_key"],
        "SUPERSET_GUEST_TOKEN_SECRET": secrets_by_name["guest_token_secret"],
        "HUB_BI_URI": f"postgresql+psycopg2://{role}@{server.host}:{server.port}"
        f"/{warehouse.database}",
        "HUB_BI_PASSWORD": warehouse.password("bi_reader"),
        "HUB_BI_MANAGERS_FILE": str(_write_managers(warehouse, secrets_by_name)),
        "HUB_BI_EMBEDDING_ADDRESSES": " ".join(warehouse.business.embedding_addresses),
        "HUB_BI_CACHE_DIR": str(_private_folder("superset-cache")),
        "HUB_BUSINESS_NAME": warehouse.business.name,
        "HUB_CURRENCY": warehouse.business.currency_code,
        "HUB_AS_OF_DATE": as_of_date(warehouse),
        "HUB_DBT_MANIFEST": str(hub_dbt.manifest_path()),
    }
    for user in BUILT_IN_USERS:
        environment[f"SUPERSET_{user.upper()}_PASSWORD"] = secrets_by_name[user]
    return environment


def dashboard_passwords(warehouse: Warehouse) -> dict[str, str]:
    """User -> password to sign in to the dashboards with; made when they are first needed."""
    known = _superset_secrets(warehouse)
    managers = {user: known[name] for user, (name, _) in warehouse.manager_logins.items()}
    return {user: known[user] for user in BUILT_IN_USERS} | managers


def superset_secrets_path() -> Path:
    """The private file in which the passwords of the dashboards' users are kept."""
    return hub_home() / "superset.json"


def _superset_secrets(warehouse: Warehouse) -> dict[str, str]:
    """Keys of Superset and passwords of its users; a manager's is under his name in PostgreSQL.

    What is missing is made, and that of former managers of the business is forgotten.
    """
    path = superset_secrets_path()
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    lengths = {"secret_key": 48, "guest_token_secret": 48} | dict.fromkeys(BUILT_IN_USERS, 12)
    managers = {name for name, _ in warehouse.manager_logins.values()}
    lengths |= dict.fromkeys(managers, 12)
    kept = {
        name: value
        for name, value in known.items()
        if name in managers or not name.startswith(warehouse.manager_name(""))
    }
    made = {
        name: secrets.token_urlsafe(length) for name, length in lengths.items() if name not in kept
    }
    if made or kept != known:
        write_private(path, json.dumps(kept | made, indent=1))
    return kept | made


def _write_managers(warehouse: Warehouse, known: dict[str, str]) -> Path:
    """Tell Superset's processes who the location managers are, also those that run already."""
    locations = {m.user: m.locations for m in warehouse.business.location_managers}
    described = {
        user: {
            "password": known[name],
            "warehouse_user": name,
            "warehouse_password": password,
            "locations": locations[user],
        }
        for user, (name, password) in warehouse.manager_logins.items()
    }
    path = hub_home() / "superset-managers.json"
    write_private(path, json.dumps(described, indent=1, ensure_ascii=False))
    return path


def _private_folder(name: str) -> Path:
    folder = hub_home() / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def as_of_date(warehouse: Warehouse) -> str:
    with warehouse.connect("analyst") as connection:
        try:
            row = connection.execute(
                "select max(sale_date)::text from marts.rpt_sales_daily where orders_count > 0"
            ).fetchone()
        except psycopg.errors.UndefinedTable:
            row = None
    return (row and row[0]) or ""


# -- Superset's own steps ----------------------------------------------------------------


def superset_is_installed() -> bool:
    """Whether Superset has been set up by `hub up` before."""
    return (hub_home() / "superset.ready").exists()


def bootstrap_superset(warehouse: Warehouse) -> str:
    """Make Superset ready: its database, users, roles and dashboards; returns what it said."""
    output = _superset_step(warehouse, "bootstrap")
    (hub_home() / "superset.ready").write_text(warehouse.business.slug)
    return output


def synchronise_superset(warehouse: Warehouse) -> str:
    """Bring dashboards, roles and users up to date; returns what it said."""
    return _superset_step(warehouse, "sync")


def _superset_step(warehouse: Warehouse, step: str) -> str:
    if not SUPERSET_PYTHON.exists():
        raise HubError("Superset's environment is missing.", fix="Run: make setup")
    done = subprocess.run(
        [str(SUPERSET_PYTHON), "-m", "hub_bi", step],
        cwd=SUPERSET_ROOM,
        env=_clean_environment(superset_environment(warehouse)),
        capture_output=True,
        text=True,
        check=False,
    )
    log = _log_file(f"superset-{step}")
    log.write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise HubError(f"Superset's {step} failed:\n{tail}", fix=f"The whole log: {log}")
    return done.stdout


def _clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's variables without those of its virtual environment."""
    kept = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONHOME"}}
    return {**kept, **extra}


# -- starting and stopping ---------------------------------------------------------------


def start_all(warehouse: Warehouse, progress: Progress) -> list[Service]:
    """Start what is not running and wait until everything answers.

    Raises:
        HubError: a program ended early or did not answer in time; the log's end is told.
    """
    running = {service.name: service for service in started() if service.is_running}
    folder = str(warehouse.business.folder)
    stale = [service for service in running.values() if service.business != folder]
    for service in stale:
        progress(f"{service.name} served another business; it ends")
        _stop(service)
        del running[service.name]

    def dagster() -> list[Service]:
        if "code" not in running:
            progress("Starting Dagster's code server")
            running["code"] = _start_code_server(warehouse)
        return [
            running["code"],
            running.get("dagster") or _start_webserver(warehouse, progress),
            running.get("daemon") or _start_daemon(warehouse, progress),
        ]

    def superset() -> list[Service]:
        if "superset" in running:  # business.toml may name other location managers by now
            synchronise_superset(warehouse)
            return [running["superset"]]
        return [_start_superset(warehouse, progress)]

    with ThreadPoolExecutor(2) as pool:
        groups = [pool.submit(dagster), pool.submit(superset)]
        return [service for group in groups for service in group.result()]


def start_sandbox(business: Path, command: list[str], port: int) -> Service:
    """Serve the systems of the generated business; returns when they answer.

    Args:
        business: the folder of the business that is loaded from them.
        command: the sandbox with its options.
        port: of the system that is served last.

    Raises:
        HubError: it ended early, as when a port is taken.
    """
    service = _launch("sandbox", command, _clean_environment({}), business, port)
    _wait_until_answering(service, "/sandbox/clock")
    return service


def stop(name: str) -> None:
    """Stop one service, if it runs."""
    for service in started():
        if service.name == name and service.is_running:
            _stop(service)


def stop_all() -> list[Service]:
    """Stop what `hub up` started; returns what was stopped."""
    stopped = [service for service in started() if service.is_running]
    for service in stopped:
        _stop(service)
    return stopped


def started() -> list[Service]:
    """The services on record, running or not."""
    return [
        Service(**json.loads(file.read_text()))
        for file in sorted(_private_folder("services").glob("*.json"))
    ]


def command_of(name: ServiceName, host: str = "127.0.0.1", port: int | None = None) -> list[str]:
    """The command line of a service; the same here and in a container."""
    serving = str(port or PREFERRED_PORTS.get(name))
    scripts = Path(sys.executable).parent
    workspace = ["-w", str(hub_home() / "dagster" / "workspace.yaml")]
    celery = [str(SUPERSET_PYTHON), "-m", "celery", "--app=superset.tasks.celery_app:app"]
    commands: dict[ServiceName, list[str]] = {
        "code": [
            sys.executable, str(scripts / "dagster"), "api", "grpc", "-h", host,
            "-p", serving, "-m", "orchestration.definitions", "--location-name", "hub",
            "--use-python-environment-entry-point",
        ],
        "dagster": [
            sys.executable, str(scripts / "dagster-webserver"), *workspace, "-h", host,
            "-p", serving,
        ],
        "daemon": [sys.executable, str(scripts / "dagster-daemon"), "run", *workspace],
        "superset": [
            str(SUPERSET_PYTHON), "-m", "hub_bi", "serve", "--host", host, "--port", serving,
        ],
        "superset-worker": [*celery, "worker", "--concurrency=2", "--loglevel=INFO"],
        "superset-beat": [
            *celery, "beat", "--loglevel=INFO", f"--schedule={hub_home() / 'superset-beat'}",
        ],
    }  # fmt: skip
    return commands[name]


def environment_of(name: ServiceName, warehouse: Warehouse) -> dict[str, str]:
    """The variables a service runs with."""
    if name.startswith("superset"):
        return _clean_environment(superset_environment(warehouse))
    own = dagster_environment(warehouse.business.folder)
    if name in ("dagster", "daemon"):
        own |= _code_location()
    return _clean_environment(own)


def _code_location() -> dict[str, str]:
    """Where the code server is: in another container if the variables say so, else here."""
    code = next((one for one in started() if one.name == "code"), None)
    port = code.port if code else PREFERRED_PORTS["code"]
    here = {CODE_HOST: "127.0.0.1", CODE_PORT: str(port)}
    return {name: os.environ.get(name, value) for name, value in here.items()}


def serve(name: ServiceName, warehouse: Warehouse, host: str, port: int | None) -> NoReturn:
    """Become a service in the foreground, as containers and supervisors want it."""
    command = command_of(name, host, port)
    os.chdir(PROJECT_ROOT)
    os.execve(command[0], command, environment_of(name, warehouse))  # noqa: S606


def _start_code_server(warehouse: Warehouse) -> Service:
    service = _start(warehouse, "code", _port("code"))
    _wait_until(service, lambda: _is_serving(service))
    return service


def _is_serving(service: Service) -> bool:
    import grpc  # type: ignore[import-untyped]
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

    with grpc.insecure_channel(f"127.0.0.1:{service.port}") as channel:
        asked = health_pb2.HealthCheckRequest(service="DagsterApi")
        try:
            told = health_pb2_grpc.HealthStub(channel).Check(asked, timeout=5)
        except grpc.RpcError:
            return False
    return bool(told.status == health_pb2.HealthCheckResponse.SERVING)


def _start_webserver(warehouse: Warehouse, progress: Progress) -> Service:
    progress("Starting Dagster")
    service = _start(warehouse, "dagster", _port("dagster"))
    _wait_until_answering(service, "/server_info")
    return service


def _start_daemon(warehouse: Warehouse, progress: Progress) -> Service:
    progress("Starting Dagster's daemon")
    return _start(warehouse, "daemon", None)


def _start_superset(warehouse: Warehouse, progress: Progress) -> Service:
    progress("Preparing Superset (the first time takes about a minute)")
    bootstrap_superset(warehouse)
    progress("Starting Superset")
    service = _start(warehouse, "superset", _port("superset"))
    _wait_until_answering(service, "/health")
    return service


def _start(warehouse: Warehouse, name: ServiceName, port: int | None) -> Service:
    command, environment = command_of(name, port=port), environment_of(name, warehouse)
    return _launch(name, command, environment, warehouse.business.folder, port)


def _launch(
    name: str, command: list[str], environment: dict[str, str], business: Path, port: int | None
) -> Service:
    with _log_file(name).open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    service = Service(name, process.pid, port, MARKERS[name], str(business))
    record = _private_folder("services") / f"{name}.json"
    write_private(record, json.dumps(asdict(service)))
    return service


def _stop(service: Service) -> None:
    """Ask the whole process group to end, then insist."""
    for number, seconds in ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(service.pid, number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + seconds
        while service.is_running and time.monotonic() < deadline:
            time.sleep(0.1)
        if not service.is_running:
            break
    (_private_folder("services") / f"{service.name}.json").unlink(missing_ok=True)


def _wait_until_answering(service: Service, path: str) -> None:
    def is_answering() -> bool:
        try:
            with urllib.request.urlopen(f"{service.url}{path}", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    _wait_until(service, is_answering)


def _wait_until(service: Service, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if is_ready():
            return
        if not service.is_running:
            break
        time.sleep(0.3)
    log = _log_file(service.name)
    tail = "\n".join(log.read_text(errors="replace").strip().splitlines()[-8:])
    raise HubError(f"{service.name} did not start:\n{tail}", fix=f"The whole log: {log}")


def _log_file(name: str) -> Path:
    folder = _private_folder("logs")
    return folder / f"{name}.log"


def _port(name: str) -> int:
    return free_port(PREFERRED_PORTS[name])


def free_port(preferred: int) -> int:
    """The usual port if it is free, else any free one."""
    for candidate in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise HubError("No free port was found.", fix="Close some programs and try again.")
