"""docker-compose.yml, tested as far as that goes without a container engine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from warehouse.home import PROJECT_ROOT

FILE = PROJECT_ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return loaded


def test_it_is_valid_against_the_compose_schema() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [str(checker), "--builtin-schema", "vendor.compose-spec", str(FILE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_services_are_there_and_watched(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services.keys() == {
        "postgres", "redis", "hub", "dagster-code", "dagster-webserver", "dagster-daemon",
        "superset", "superset-worker", "superset-beat"}  # fmt: skip
    assert all("healthcheck" in body for name, body in services.items() if name != "hub")


def test_there_are_no_default_passwords(compose: dict[str, Any]) -> None:
    text = FILE.read_text()
    assert re.findall(r"\$\{[A-Z_]+(?::?-[^}]*)?\}", text) == [], "every variable is required"
    secret = [line for line in text.splitlines() if re.search(r"PASSWORD|VAULT_KEY", line)]
    assert secret
    assert all(":?" in line for line in secret)
    example = (PROJECT_ROOT / ".env.example").read_text()
    assert re.search(r"^POSTGRES_PASSWORD=$", example, re.M)
    assert re.search(r"^HUB_VAULT_KEY=$", example, re.M)


def test_nothing_listens_beyond_this_machine(compose: dict[str, Any]) -> None:
    ports = [port for body in compose["services"].values() for port in body.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_command_is_one_the_command_line_knows(compose: dict[str, Any]) -> None:
    for name, body in compose["services"].items():
        command = body.get("command")
        if not command or command[0] != "hub":
            continue
        # With --help behind it a command is understood but not carried out.
        result = CliRunner().invoke(app, [*command[1:], "--help"])
        assert result.exit_code == 0, (name, result.output)


def test_health_checks_do_not_find_themselves(compose: dict[str, Any]) -> None:
    for name, body in compose["services"].items():
        test = body.get("healthcheck", {}).get("test", [])
        if "grep" in str(test):
            pattern = re.search(r"grep -qa (\S+)", test[1])
            assert pattern, name
            assert not re.search(pattern[1], test[1]), f"{name} would always be healthy"


def test_every_path_of_the_image_exists() -> None:
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text()
    inside = set(re.findall(r"/srv/hub/([\w./-]+)", dockerfile))
    assert "sandbox/samples/pizza" in inside
    for path in inside - {".venv/bin"}:
        assert (PROJECT_ROOT / path.rstrip(":$")).exists(), path
