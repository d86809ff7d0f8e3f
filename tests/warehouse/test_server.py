"""The embedded server: starts anywhere, survives what machines do to it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import namedtuple
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT
from warehouse.server import MINIMUM_FREE_BYTES, EmbeddedServer, ensure_server


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    home = Path(tempfile.mkdtemp(prefix="hub-server-"))
    home.chmod(0o755)
    embedded = EmbeddedServer(home)
    yield embedded
    embedded.stop()
    shutil.rmtree(embedded.folder.parent, ignore_errors=True)


def _postmaster(server: EmbeddedServer) -> int:
    return int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])


def _answers(server: EmbeddedServer) -> bool:
    running = server.running()
    if running is None:
        return False
    with psycopg.connect(running.admin_url()) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def test_it_remembers_its_port(server: EmbeddedServer) -> None:
    first = server.ensure_running()
    server.stop()
    assert server.running() is None
    assert server.ensure_running().port == first.port


def test_it_takes_another_port_when_its_own_is_taken(server: EmbeddedServer) -> None:
    first = server.ensure_running()
    server.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", first.port))
        squatter.listen()
        second = server.ensure_running()
    assert second.port != first.port
    assert _answers(server)


def test_it_listens_on_loopback_with_passwords_only(server: EmbeddedServer) -> None:
    running = server.ensure_running()
    assert running.host == "127.0.0.1"
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(running.url("hub_admin", "wrong", "postgres"))


def test_no_traceback_shows_its_password(server: EmbeddedServer) -> None:
    running = server.ensure_running()
    assert running.admin_password
    assert running.admin_password not in repr(running)


def test_it_comes_back_after_a_kill_9(server: EmbeddedServer) -> None:
    running = server.ensure_running()
    with psycopg.connect(running.admin_url(), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
    os.kill(_postmaster(server), signal.SIGKILL)
    again = server.ensure_running()
    with psycopg.connect(again.admin_url()) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_a_stale_pid_file_of_another_program_does_not_block_it(server: EmbeddedServer) -> None:
    server.ensure_running()
    lines = (server.data / "postmaster.pid").read_text().split("\n")
    server.stop()
    # The number now belongs to a program of the same account: PostgreSQL alone would refuse.
    account = server.account.pw_uid if server.account else None
    other = subprocess.Popen(["sleep", "60"], user=account, cwd="/")
    try:
        lines[0] = str(other.pid)
        pid_file = server.data / "postmaster.pid"
        pid_file.write_text("\n".join(lines))
        if server.account:
            os.chown(pid_file, server.account.pw_uid, server.account.pw_gid)
        server.ensure_running()
        assert _answers(server)
        assert other.poll() is None, "the other program must be left alone"
    finally:
        other.kill()
        other.wait()


def test_an_unfinished_first_start_is_begun_again(server: EmbeddedServer) -> None:
    server._prepare_folder()
    (server.folder / "data.new").mkdir()
    (server.folder / "data.new" / "half").write_text("interrupted")
    server.ensure_running()
    assert _answers(server)


def test_two_starts_at_once_give_one_server(server: EmbeddedServer) -> None:
    home = server.folder.parent
    with ThreadPoolExecutor(4) as pool:
        ports = {s.port for s in pool.map(lambda _: EmbeddedServer(home).ensure_running(), "1234")}
    assert len(ports) == 1


def test_a_full_disk_is_told_in_words(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, MINIMUM_FREE_BYTES - 1))
    with pytest.raises(HubError, match="full") as caught:
        server.ensure_running()
    assert "HUB_HOME" in str(caught.value.fix)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a full file system")
def test_a_disk_that_fills_up_while_starting_is_told_in_words() -> None:
    home = Path(tempfile.mkdtemp(prefix="hub-full-"))
    home.chmod(0o755)
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(home)], check=False
        ).returncode
        == 0
    )
    if not mounted:
        pytest.skip("this machine does not let root mount a small file system")
    try:
        home.chmod(0o755)
        with pytest.raises(HubError, match="full"):
            EmbeddedServer(home).ensure_running()
    finally:
        subprocess.run(["umount", str(home)], check=True)
        home.rmdir()


def test_the_binaries_are_found_from_any_folder(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (server.binaries / "postgres").is_file()
    server.ensure_running()
    assert _answers(server)


def _run_as_nobody(script: str) -> subprocess.CompletedProcess[str] | None:
    """Run Python as an account that owns nothing; None where no interpreter can be read by it."""
    search = os.pathsep.join([str(Path(psycopg.__file__).parent.parent), str(PROJECT_ROOT)])
    for interpreter in (sys.executable, "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [interpreter, "-c", (f"import sys; assert sys.version_info[:2] == "
                 f"{sys.version_info[:2]}; {script}")],
                user=65534, group=65534, extra_groups=[], cwd="/", capture_output=True,
                text=True, check=False, env={"PATH": os.environ["PATH"], "PYTHONPATH": search},
            )  # fmt: skip
        except (PermissionError, FileNotFoundError):
            continue
        if "AssertionError" not in done.stderr:
            return done
    return None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_it_runs_as_a_normal_user() -> None:
    home = Path(tempfile.mkdtemp(prefix="hub-nobody-"))
    os.chown(home, 65534, 65534)
    done = _run_as_nobody(
        "from pathlib import Path; from warehouse.server import EmbeddedServer; "
        f"s = EmbeddedServer(Path({str(home)!r})); r = s.ensure_running(); "
        "print(s.account, r.host); s.stop()"
    )
    shutil.rmtree(home, ignore_errors=True)
    if done is None:
        pytest.skip("no interpreter of this version can be read by a normal user")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "None 127.0.0.1"


def test_a_given_server_is_used_instead(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = server.ensure_running()
    monkeypatch.setenv("HUB_DATABASE_URL", running.admin_url())
    external = ensure_server()
    assert (external.port, external.is_embedded) == (running.port, False)


def test_a_given_server_that_does_not_answer_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://me:topsecret@127.0.0.1:1/postgres")
    with pytest.raises(HubError, match=r"127\.0\.0\.1:1") as caught:
        ensure_server()
    assert "topsecret" not in str(caught.value)
