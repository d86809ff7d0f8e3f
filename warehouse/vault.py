"""The vault: personal data is split off at the door, encrypted, and replaced by tokens.

A token is a keyed hash (HMAC-SHA256) of the normalised value, so equal e-mails give equal
tokens and joins go on working. The clear text is sealed with AES-256-GCM under a key that
lives outside the database: in ``HUB_VAULT_KEY``, in the operating system's keyring, or in a
private file in the user's configuration folder. The key that makes tokens is itself sealed by
that key, so the outer key can be rotated without changing a single token. The same outer key
seals what the hub signs in to its sources with.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, get_args

import keyring
import keyring.errors
import phonenumbers
import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.home import config_home, write_private

PersonalKind = Literal["email", "phone", "name", "address", "note"]
NONCE_BYTES = 12
KEYRING_SERVICE = "business-hub-vault"
ROTATION_BATCH = 20_000
CONNECTION_SEAL = "connection:"
# (table, its key column, what a sealed value is bound to before the key): all that a rotation
# seals anew.
SEALED_TABLES = (
    ("vault.personal_values", "token", ""),
    ("vault.connections", "source_system", CONNECTION_SEAL),
)


class KeyStore:
    """Finds and keeps the outer keys, each under its id (a short hash of the key)."""

    def __init__(self) -> None:
        self.path = config_home() / "vault-keys.json"
        self.uses_keyring = os.environ.get("HUB_KEY_STORE") == "keyring"

    def find(self, key_id: str) -> bytes | None:
        """The key with this id, from the environment, the keyring or the private file."""
        for encoded in os.environ.get("HUB_VAULT_KEY", "").replace(",", " ").split():
            key = _decode_key(encoded)
            if _key_id(key) == key_id:
                return key
        if self.uses_keyring:
            stored = keyring.get_password(KEYRING_SERVICE, key_id)
            return base64.b64decode(stored) if stored else None
        encoded_key = self._file().get(key_id)
        return base64.b64decode(encoded_key) if encoded_key else None

    def create(self) -> tuple[str, bytes]:
        """A new key, kept before it is used; from ``HUB_VAULT_KEY`` when that is set."""
        configured = os.environ.get("HUB_VAULT_KEY", "").replace(",", " ").split()
        if configured:
            key = _decode_key(configured[0])
            return _key_id(key), key
        key = secrets.token_bytes(32)
        key_id, encoded = _key_id(key), base64.b64encode(key).decode()
        if self.uses_keyring:
            try:
                keyring.set_password(KEYRING_SERVICE, key_id, encoded)
            except keyring.errors.KeyringError as error:
                raise HubError(
                    f"The operating system's keyring refused the vault key: {error}",
                    fix="Unlock it, or unset HUB_KEY_STORE to use a file.",
                ) from None
        else:
            with self._lock():
                write_private(self.path, json.dumps({**self._file(), key_id: encoded}, indent=1))
        return key_id, key

    def _file(self) -> dict[str, str]:
        keys: dict[str, str] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return keys

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with self.path.with_suffix(".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _decode_key(encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise HubError(
            "HUB_VAULT_KEY is not a base64 text of 32 bytes.",
            fix="Make one with: python3 -c 'import base64, secrets; "
            "print(base64.b64encode(secrets.token_bytes(32)).decode())'",
        )
    return key


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"business-hub vault key id" + key).hexdigest()[:12]


def _seal(key: bytes, clear: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, clear, bound_to.encode())


def _unseal(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to.encode())


@dataclass(frozen=True)
class Sealer:
    """Seals values under the present outer key, for as long as its transaction lasts."""

    key_id: str
    _key: bytes = field(repr=False)

    def seal(self, clear: bytes, bound_to: str) -> bytes:
        """Encrypt; ``bound_to`` names the row, so that a value moved to another does not open."""
        return _seal(self._key, clear, bound_to)


def hold_sealer(connection: psycopg.Connection) -> Sealer:
    """The present outer key, held until the transaction ends.

    A rotation waits for that end before it drops the key, so nothing is ever left sealed under
    a key that is gone. Take it before any other lock, or a rotation and a writer could wait for
    each other.

    Args:
        connection: of the loader, to a business whose vault was opened before.

    Raises:
        HubError: the vault has no key yet, or its key is not here.
    """
    active = "select key_id from vault.keys where is_active for key share"
    # The second look finds the new key when a rotation took the first away in this instant.
    row = connection.execute(active).fetchone() or connection.execute(active).fetchone()
    if row is None:
        raise HubError("The vault has no key yet.", fix="Connect the source again.")
    return Sealer(row[0], _key_here(row[0]))


def unseal(key_id: str, sealed: bytes, bound_to: str) -> bytes:
    """Decrypt what the key with this id seals.

    Raises:
        HubError: the key is not here, or the value was damaged or moved from another row.
    """
    try:
        return _unseal(_key_here(key_id), sealed, bound_to)
    except InvalidTag:
        raise HubError(
            "A sealed value in the vault is damaged.", fix="Restore the database from a backup."
        ) from None


def _key_here(key_id: str) -> bytes:
    store = KeyStore()
    key = store.find(key_id)
    if key is None:
        raise HubError(
            f"The vault key {key_id} is missing.",
            fix=f"Put the key back: in HUB_VAULT_KEY, or in {store.path}, from your backup.",
        )
    return key


class Vault:
    """Turns personal values into tokens, and (through audited doors only) back."""

    def __init__(self, warehouse: Warehouse, key_id: str, key: bytes, token_key: bytes) -> None:
        self._warehouse = warehouse
        self._key_id = key_id
        self._key = key
        self._token_key = token_key

    def token(self, kind: PersonalKind, value: str | None) -> str | None:
        """The token of one value, without storing anything; None for an empty value."""
        clear = normalise(kind, value, self._warehouse.business.country_code)
        return self._token(kind, clear) if clear else None

    def tokenize(self, kind: PersonalKind, values: Sequence[str | None]) -> list[str | None]:
        """Tokens of many values, in order; new clear texts are stored sealed.

        Args:
            kind: what the values are; equal texts of different kinds give different tokens.
            values: clear texts; None and blank give None. Pass distinct values.
        """
        tokens, clear_by_token = self.tokens(kind, values)
        self.keep(kind, clear_by_token)
        return tokens

    def tokens(
        self, kind: PersonalKind, values: Sequence[str | None]
    ) -> tuple[list[str | None], dict[str, str]]:
        """Tokens of many values, in order, and the normalised clear text of each; stores nothing.

        A caller that goes on while the clear texts are stored hands the second to ``keep``.
        """
        if kind not in get_args(PersonalKind):
            raise ValueError(f"unknown kind of personal value: {kind}")
        country = self._warehouse.business.country_code
        cleared = [normalise(kind, value, country) for value in values]
        tokens = [self._token(kind, clear) if clear else None for clear in cleared]
        pairs = zip(tokens, cleared, strict=True)
        return tokens, {token: clear for token, clear in pairs if token and clear}

    def reveal(self, tokens: Sequence[str], purpose: str) -> dict[str, str]:
        """Clear texts by token; each call is written to the audit log with its purpose."""
        with self._warehouse.connect("privacy") as connection:
            connection.execute(
                "insert into audit.events (action, details) values ('reveal', %s)",
                (json.dumps({"purpose": purpose, "tokens_count": len(tokens)}),),
            )
            rows = connection.execute(
                "select token, key_id, sealed_value from vault.personal_values "
                "where token = any(%s)",
                (list(tokens),),
            ).fetchall()
        keys = {self._key_id: self._key, **_older_keys({row[1] for row in rows} - {self._key_id})}
        return {token: _unseal(keys[key], sealed, token).decode() for token, key, sealed in rows}

    def erase(self, tokens: Sequence[str], reason: str) -> int:
        """Delete clear texts and remember their tokens, so that no re-load brings them back."""
        with self._warehouse.connect("privacy") as connection:
            connection.execute(
                "insert into vault.erased_tokens (token) select unnest(%s::text[]) "
                "on conflict do nothing",
                (list(tokens),),
            )
            deleted = connection.execute(
                "delete from vault.personal_values where token = any(%s)", (list(tokens),)
            )
            connection.execute(
                "insert into audit.events (action, details) values ('erase', %s)",
                (json.dumps({"reason": reason, "erased_count": deleted.rowcount}),),
            )
            return deleted.rowcount

    def rotate_key(self, on_progress: Callable[[int], None] | None = None) -> str:
        """Seal everything anew under a fresh key; resumes where an earlier try stopped.

        Returns:
            The id of the new key. Tokens stay the same.
        """
        new_id, new_key = KeyStore().create()
        if new_id == self._key_id:
            raise HubError(
                "HUB_VAULT_KEY still names the old key first.",
                fix="Put the new key before the old one, separated by a space.",
            )
        with self._warehouse.connect("privacy") as connection:
            connection.execute("update vault.keys set is_active = false")
            connection.execute(
                "insert into vault.keys (key_id, wrapped_token_key, is_active) "
                "values (%s, %s, true) "
                "on conflict (key_id) do update set is_active = true",
                (new_id, _seal(new_key, self._token_key, new_id)),
            )
            connection.execute(
                "insert into audit.events (action, details) values ('rotate_key', %s)",
                (json.dumps({"new_key_id": new_id}),),
            )
        self._key_id, self._key = new_id, new_key
        self.finish_rotation(on_progress)
        return new_id

    def finish_rotation(self, on_progress: Callable[[int], None] | None = None) -> int:
        """Seal under the present key what an interrupted rotation left behind; how many."""
        return reseal_outdated(self._warehouse, self._key_id, self._key, on_progress)

    def _token(self, kind: str, clear: str) -> str:
        digest = hmac.digest(self._token_key, f"{kind}:{clear}".encode(), "sha256")
        return f"{kind}_{base64.urlsafe_b64encode(digest)[:22].decode()}"

    def keep(self, kind: PersonalKind, clear_by_token: dict[str, str]) -> None:
        """Store sealed what is neither stored nor erased already; in one transaction."""
        if not clear_by_token:
            return
        with self._warehouse.connect("loader") as connection:
            unknown = self._unknown(connection, clear_by_token)
            if not unknown:
                return
            # Held until the commit, so that no rotation drops the key while values sealed with
            # it are on their way.
            if not connection.execute(
                "select 1 from vault.keys where key_id = %s for key share", (self._key_id,)
            ).fetchone():
                raise HubError("The vault's key was rotated meanwhile.", fix="Load again.")
            connection.execute(
                "create temporary table arriving (token text, kind text, "
                "key_id text, sealed_value bytea) on commit drop"
            )
            cipher, nonces = AESGCM(self._key), os.urandom(NONCE_BYTES * len(unknown))
            with connection.cursor().copy("copy arriving from stdin (format binary)") as copy:
                copy.set_types(["text", "text", "text", "bytea"])
                for index, token in enumerate(unknown):
                    nonce = nonces[index * NONCE_BYTES : (index + 1) * NONCE_BYTES]
                    clear = clear_by_token[token].encode()
                    sealed = nonce + cipher.encrypt(nonce, clear, token.encode())
                    copy.write_row((token, kind, self._key_id, sealed))
            connection.execute(
                "insert into vault.personal_values (token, kind, key_id, sealed_value) "
                "select token, kind, key_id, sealed_value from arriving order by token "
                "on conflict do nothing"
            )

    def _unknown(self, connection: psycopg.Connection, tokens: Iterable[str]) -> list[str]:
        connection.execute("create temporary table candidates (token text) on commit drop")
        with connection.cursor().copy("copy candidates from stdin") as copy:
            copy.write("".join(f"{token}\n" for token in tokens))
        connection.execute("analyze candidates")
        rows = connection.execute(
            "select token from candidates where not exists (select from vault.personal_values "
            "as kept where kept.token = candidates.token) and not exists (select from "
            "vault.erased_tokens as gone where gone.token = candidates.token)"
        )
        return [row[0] for row in rows]


def open_vault(warehouse: Warehouse) -> Vault:
    """Open a business's vault; the first time, make its key.

    Raises:
        HubError: the key that the business's personal data is sealed with is not here.
    """
    store = KeyStore()
    with warehouse.connect("loader") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('vault key'))")
        row = _active_key(connection)
        if row is None:
            key_id, key = store.create()
            token_key = secrets.token_bytes(32)
            connection.execute(
                "insert into vault.keys (key_id, wrapped_token_key, is_active) "
                "values (%s, %s, true)",
                (key_id, _seal(key, token_key, key_id)),
            )
            return Vault(warehouse, key_id, key, token_key)
    key_id, wrapped = row
    found = store.find(key_id)
    if found is None:
        raise HubError(
            f"The key {key_id} that seals this business's personal data is missing; nothing "
            "was loaded.",
            fix=f"Put the key back: in HUB_VAULT_KEY, or in {store.path}, from your backup.",
        )
    try:
        token_key = _unseal(found, wrapped, key_id)
    except InvalidTag:
        raise HubError(
            f"The vault's key record {key_id} is damaged.",
            fix="Restore the database from a backup.",
        ) from None
    return Vault(warehouse, key_id, found, token_key)


def _active_key(connection: psycopg.Connection) -> tuple[str, bytes] | None:
    return connection.execute(
        "select key_id, wrapped_token_key from vault.keys where is_active"
    ).fetchone()


def reseal_outdated(
    warehouse: Warehouse,
    key_id: str,
    key: bytes,
    on_progress: Callable[[int], None] | None = None,
) -> int:
    """Seal under the given key what older keys still seal, in batches that each commit.

    Returns:
        How many values were sealed anew. Old key records go once nothing uses them.
    """
    done = 0
    with warehouse.connect("privacy") as connection:
        while True:
            count = _reseal_batch(connection, key_id, key)
            if not count:
                # A load or a renewal of tokens that began under an old key holds it
                # (Vault.keep, hold_sealer): wait, and look again.
                connection.execute("select from vault.keys where not is_active for update")
                count = _reseal_batch(connection, key_id, key)
            if not count:
                break
            connection.commit()
            done += count
            if on_progress:
                on_progress(done)
        connection.execute("delete from vault.keys where not is_active")
    return done


def _reseal_batch(connection: psycopg.Connection, key_id: str, key: bytes) -> int:
    """Seal some outdated values anew; how many, and 0 only when no table has any left."""
    for table, column, prefix in SEALED_TABLES:
        rows = connection.execute(
            f"select {column}, key_id, sealed_value from {table} "
            "where key_id <> %s limit %s for update",
            (key_id, ROTATION_BATCH),
        ).fetchall()
        if not rows:
            continue
        old_keys = _older_keys({row[1] for row in rows})
        with connection.cursor() as cursor:
            cursor.executemany(
                f"update {table} set key_id = %s, sealed_value = %s where {column} = %s",
                [
                    (
                        key_id,
                        _seal(key, _unseal(old_keys[old], sealed, prefix + name), prefix + name),
                        name,
                    )
                    for name, old, sealed in rows
                ],
            )
        return len(rows)
    return 0


def _older_keys(key_ids: set[str]) -> dict[str, bytes]:
    """Keys that an unfinished rotation still needs."""
    store = KeyStore()
    keys = {key_id: store.find(key_id) for key_id in key_ids}
    missing = [key_id for key_id, key in keys.items() if key is None]
    if missing:
        raise HubError(
            f"The old vault key {missing[0]} is missing.",
            fix="Put it back (HUB_VAULT_KEY may hold several keys) and run the rotation again; "
            "it goes on where it stopped.",
        )
    return {key_id: key for key_id, key in keys.items() if key is not None}


def normalise(kind: PersonalKind, value: str | None, country_code: str) -> str | None:
    """The form under which equal persons give equal tokens; None if nothing is left.

    E-mails are trimmed and lower-cased, phones brought to E.164 (a national number is read in
    the business's country), the rest loses case and repeated blanks.
    """
    text = unicodedata.normalize("NFKC", value or "").strip()
    if not text:
        return None
    if kind == "email":
        return text.lower()
    if kind == "phone":
        try:
            number = phonenumbers.parse(text, country_code)
        except phonenumbers.NumberParseException:
            return text
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if kind == "note":
        return text
    return " ".join(text.casefold().split())
