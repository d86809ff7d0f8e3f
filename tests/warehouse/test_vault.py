"""Personal data stops at the door: tokens outside, sealed values inside."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.vault import KeyStore, _seal, open_vault, reseal_outdated

Factory = Callable[..., Warehouse]


@pytest.fixture
def warehouse(warehouse_factory: Factory) -> Warehouse:
    return warehouse_factory()


def test_equal_emails_give_equal_tokens_whatever_their_spelling(warehouse: Warehouse) -> None:
    one, two, other = open_vault(warehouse).tokenize(
        "email", [" Ada@Example.org", "ada@example.ORG ", "bob@example.org"]
    )
    assert one == two != other
    assert one is not None
    assert one.startswith("email_")


def test_phones_are_compared_in_international_form(warehouse: Warehouse) -> None:
    one, two = open_vault(warehouse).tokenize("phone", ["(212) 555-0123", "+1 212 555 0123"])
    assert one == two


def test_nothing_gives_nothing(warehouse: Warehouse) -> None:
    assert open_vault(warehouse).tokenize("name", [None, "", "  "]) == [None, None, None]


def test_kinds_do_not_share_tokens(warehouse: Warehouse) -> None:
    vault = open_vault(warehouse)
    assert vault.token("name", "ada") != vault.token("note", "ada")


def test_clear_text_is_nowhere_in_the_database(warehouse: Warehouse) -> None:
    open_vault(warehouse).tokenize("email", ["ada@example.org"])
    with warehouse.connect("privacy") as connection:
        rows = connection.execute("select t::text from vault.personal_values as t").fetchall()
    assert len(rows) == 1
    # Three letters alone come up in random hexadecimal digits, too.
    for part in ("ada@", "@example", "example.org"):
        assert part not in rows[0][0]
        assert part.encode().hex() not in rows[0][0]


def test_revealing_is_audited(warehouse: Warehouse) -> None:
    vault = open_vault(warehouse)
    (token,) = vault.tokenize("email", ["ada@example.org"])
    assert token
    assert vault.reveal([token], purpose="a test") == {token: "ada@example.org"}
    with warehouse.connect("privacy") as connection:
        row = connection.execute("select action, details from audit.events").fetchone()
    assert row == ("reveal", {"purpose": "a test", "tokens_count": 1})


def test_an_erased_person_does_not_come_back(warehouse: Warehouse) -> None:
    vault = open_vault(warehouse)
    (token,) = vault.tokenize("email", ["ada@example.org"])
    assert token
    assert vault.erase([token], reason="asked") == 1
    assert vault.tokenize("email", ["ada@example.org"]) == [token]
    assert vault.reveal([token], purpose="a test") == {}


def test_rotation_keeps_tokens_and_values(warehouse: Warehouse) -> None:
    vault = open_vault(warehouse)
    tokens = [t for t in vault.tokenize("email", [f"p{n}@example.org" for n in range(50)]) if t]
    before = vault.reveal(tokens, purpose="a test")
    new_key = vault.rotate_key()
    again = open_vault(warehouse)
    assert again.token("email", "p7@example.org") == tokens[7]
    assert again.reveal(tokens, purpose="a test") == before
    with warehouse.connect("privacy") as connection:
        keys = connection.execute("select distinct key_id from vault.personal_values").fetchall()
        known = connection.execute("select key_id from vault.keys").fetchall()
    assert keys == known == [(new_key,)]


def test_a_load_under_a_key_that_is_gone_stores_nothing(warehouse: Warehouse) -> None:
    started_before = open_vault(warehouse)
    started_before.tokenize("email", ["ada@example.org"])
    open_vault(warehouse).rotate_key()
    with pytest.raises(HubError, match="rotated"):
        started_before.tokenize("email", ["bob@example.org"])
    open_vault(warehouse).tokenize("email", ["bob@example.org"])


def test_a_rotation_waits_for_a_load_under_the_old_key(warehouse: Warehouse) -> None:
    vault = open_vault(warehouse)
    (token,) = vault.tokenize("email", ["ada@example.org"])
    assert token
    with warehouse.connect("loader") as loading, ThreadPoolExecutor(1) as pool:
        (old,) = loading.execute("select key_id from vault.keys for key share").fetchone() or ("",)
        rotating = pool.submit(open_vault(warehouse).rotate_key)
        with pytest.raises(TimeoutError):
            rotating.result(timeout=1)
        loading.execute(
            "insert into vault.personal_values (token, kind, key_id, sealed_value) "
            "values ('email_late', 'email', %s, %s)",
            (old, _seal(vault._key, b"late@example.org", "email_late")),
        )
        loading.commit()
        rotating.result(timeout=20)
    found = open_vault(warehouse).reveal([token, "email_late"], purpose="a test")
    assert found == {token: "ada@example.org", "email_late": "late@example.org"}
    with warehouse.connect("privacy") as connection:
        rows = connection.execute("select key_id <> %s from vault.personal_values", (old,))
        assert rows.fetchall() == [(True,), (True,)]


def test_an_interrupted_rotation_goes_on_where_it_stopped(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = open_vault(warehouse)
    tokens = [t for t in vault.tokenize("email", [f"p{n}@example.org" for n in range(5)]) if t]
    monkeypatch.setattr("warehouse.vault.ROTATION_BATCH", 2)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vault.rotate_key(stop)
    reopened = open_vault(warehouse)
    assert reopened.token("email", "p0@example.org") == tokens[0]
    assert reopened.reveal(tokens, purpose="between two keys").keys() == set(tokens)
    reopened.finish_rotation()
    assert reopened.reveal(tokens, purpose="afterwards").keys() == set(tokens)


def test_without_its_key_the_vault_stops_and_says_so(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_vault(warehouse)
    monkeypatch.setenv("HUB_CONFIG_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(HubError, match="key") as caught:
        open_vault(warehouse)
    assert "HUB_VAULT_KEY" in str(caught.value.fix)


def test_a_key_of_the_environment_is_used(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HUB_CONFIG_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("HUB_VAULT_KEY", base64.b64encode(secrets.token_bytes(32)).decode())
    (token,) = open_vault(warehouse).tokenize("email", ["ada@example.org"])
    assert token
    assert open_vault(warehouse).reveal([token], "a test") == {token: "ada@example.org"}
    assert not (tmp_path / "empty" / "vault-keys.json").exists()


def test_a_malformed_key_is_refused(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_VAULT_KEY", "too short")
    with pytest.raises(HubError, match="HUB_VAULT_KEY"):
        open_vault(warehouse)


def test_the_key_file_is_private(warehouse: Warehouse) -> None:
    open_vault(warehouse)
    assert KeyStore().path.stat().st_mode & 0o777 == 0o600


def test_nothing_outdated_means_nothing_to_do(warehouse: Warehouse) -> None:
    vault = open_vault(warehouse)
    assert reseal_outdated(warehouse, vault._key_id, vault._key) == 0
