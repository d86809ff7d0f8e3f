"""A person's right to see and to be forgotten, through the vault's audited doors."""

from __future__ import annotations

from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from warehouse.database import RAW_SCHEMAS, Warehouse
from warehouse.errors import HubError
from warehouse.vault import Vault

TOKEN_PREFIXES = ("email_", "phone_", "name_", "address_", "note_")


def export_person(warehouse: Warehouse, vault: Vault, person: str) -> dict[str, Any]:
    """Everything held about a person.

    Args:
        warehouse: of the business.
        vault: of the business.
        person: e-mail address or phone number.

    Returns:
        ``personal_values`` (clear texts by token) and ``records`` (raw rows by table).

    Raises:
        HubError: nothing is held under that address or number.
    """
    token = _token_of(vault, person)
    records = _records(warehouse, token)
    tokens = {token, *_tokens_in(records)}
    values = vault.reveal(sorted(tokens), purpose="privacy export")
    if not records and not values:
        raise HubError("Nothing is held about this person.", fix="Try their other addresses.")
    return {"personal_values": values, "records": records}


def erase_person(warehouse: Warehouse, vault: Vault, person: str) -> int:
    """Delete a person's clear texts and block their return; their sales stay as tokens.

    Returns:
        How many personal values were erased.
    """
    token = _token_of(vault, person)
    tokens = {token, *_tokens_in(_records(warehouse, token))}
    return vault.erase(sorted(tokens), reason="privacy request")


def _token_of(vault: Vault, person: str) -> str:
    kind = "email" if "@" in person else "phone"
    token = vault.token(kind, person)  # type: ignore[arg-type]
    if token is None:
        raise HubError("No e-mail address or phone number was given.")
    return token


def _records(warehouse: Warehouse, token: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    with warehouse.connect("loader") as connection:
        columns = connection.execute(
            "select table_schema, table_name, array_agg(column_name::text) "
            "from information_schema.columns where table_schema = any(%s) "
            "and data_type = 'text' and (column_name like %s or column_name like %s) "
            "group by 1, 2",
            (list(RAW_SCHEMAS), "%\\_token", "%customer\\_id"),
        ).fetchall()
        cursor = connection.cursor(row_factory=dict_row)
        for schema, table, names in columns:
            matches = sql.SQL(" or ").join(
                sql.SQL("{} = %(token)s").format(sql.Identifier(name)) for name in names
            )
            rows = cursor.execute(
                sql.SQL("select * from {} where {}").format(sql.Identifier(schema, table), matches),
                {"token": token},
            ).fetchall()
            if rows:
                found[f"{schema}.{table}"] = rows
    return found


def _tokens_in(records: dict[str, list[dict[str, Any]]]) -> set[str]:
    return {
        value
        for rows in records.values()
        for row in rows
        for name, value in row.items()
        if isinstance(value, str)
        and value.startswith(TOKEN_PREFIXES)
        and (name.endswith(("_token", "customer_id")))
        and "staff" not in name
    }
