"""Finds out which customer records are one person, and keeps the answer in the schema ``ml``.

Names and e-mails are read from the vault into memory, and stay there.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import dagster as dg
import pandas as pd
import psycopg

from ml.identity import Identities, resolve_customers
from orchestration.defs.predict.tasks import copy_rows, versions_of
from orchestration.ml_tables import ensure_ml_tables
from orchestration.ownership import OWNER_BY_GROUP
from orchestration.planning.items import digest_of
from orchestration.planning.work import noted
from orchestration.previews import table_metadata
from orchestration.resources import BusinessResource, user_failure
from warehouse.business import Business
from warehouse.changes import next_load_number, note_changes
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.turns import landing
from warehouse.vault import Vault

GROUP = "identity"
NAME = "identify_customers"
# Raise it when a change of the method must show in unchanged records.
METHOD_VERSION = 2
LIBRARIES = ("splink", "duckdb", "pandas")
TOKENS = ("customer_email_token", "given_name_token", "family_name_token", "full_name_token")

_DESCRIPTIONS = {
    "customer_identities": "Which customer records of the sources are one person.",
    "customer_match_edges": "The pairs of records that were joined, and why.",
    "customer_match_reviews": "Pairs of records that a person should look at.",
    "customer_match_runs": "When records were matched, and from what.",
}


READS = ("intermediate.int_customer_records",)
WRITES = tuple(f"ml.{name}" for name in _DESCRIPTIONS)


def build_identity_assets() -> list[dg.AssetsDefinition]:
    """Identity matching with its evidence; one step."""
    return [customer_identities]


@dg.multi_asset(
    name=NAME,
    specs=[
        dg.AssetSpec(
            ["ml", name],
            deps=[dg.AssetKey(["intermediate", "int_customer_records"])],
            group_name=GROUP,
            description=description,
            owners=[OWNER_BY_GROUP[GROUP]],
            kinds={"python", "postgres"},
        )
        for name, description in _DESCRIPTIONS.items()
    ],
)
def customer_identities(
    context: dg.AssetExecutionContext, business: BusinessResource
) -> Iterator[dg.MaterializeResult[object]]:
    """Match customer records; unchanged records keep their persons."""
    try:
        warehouse = business.warehouse()
        with noted(warehouse, f"task.{NAME}", digest_of(said(warehouse.business))):
            outcome = identify_customers(warehouse, business.vault(warehouse), context.run.run_id)
    except HubError as error:
        raise user_failure(error) from None
    for name in _DESCRIPTIONS:
        yield dg.MaterializeResult(
            asset_key=["ml", name],
            metadata={**table_metadata(warehouse, "ml", ["ml", name]), "outcome": outcome},
        )


_RECORDS = (
    "select customer_record_id, customer_email_token, customer_phone_token, given_name_token, "
    "family_name_token, full_name_token, postal_code, first_seen_at "
    "from intermediate.int_customer_records"
)


@dataclass(frozen=True)
class _Decisions:
    """The owner's decisions about pairs of records."""

    do_not_merge: list[tuple[str, str]]
    force_merge: list[tuple[str, str]]


def identify_customers(warehouse: Warehouse, vault: Vault, run_id: str) -> str:
    """Match the records of ``int_customer_records``; says what became of it.

    Raises:
        HubError: a list of pairs cannot be read.
    """
    ensure_ml_tables(warehouse)
    business = warehouse.business
    fingerprint = _fingerprint(warehouse)
    if _last_fingerprint(warehouse) == fingerprint:
        return "unchanged"
    decisions = _decisions(business)
    records = _read_records(warehouse)
    found = resolve_customers(
        _in_clear(records, vault),
        do_not_merge=decisions.do_not_merge,
        force_merge=decisions.force_merge,
    )
    # As a load does: a build must not pass the number before the rows that bear it are there.
    with landing(warehouse), warehouse.connect("ml") as connection:
        _store(connection, found, len(records), fingerprint, run_id)
    persons = found.members["person_id"].nunique()
    return f"{len(found.members):,} records are {persons:,} persons"


def said(business: Business) -> list[object]:
    """What decides who is one person, beside the records themselves."""
    return [asdict(_decisions(business)), METHOD_VERSION, _versions()]


def _decisions(business: Business) -> _Decisions:
    return _Decisions(_pairs(business, "do_not_merge"), _pairs(business, "force_merge"))


def _fingerprint(warehouse: Warehouse) -> str:
    """Equal for equal records, decisions, method and libraries.

    The server adds up hashes of the records, so that unchanged ones need not be fetched.
    """
    with warehouse.connect("ml") as connection:
        records = connection.execute(
            "select count(*)::text, sum(hashtextextended(records::text, 0)::numeric)::text "
            f"from ({_RECORDS}) as records"
        ).fetchone()
    return digest_of([records, said(warehouse.business)])


def _last_fingerprint(warehouse: Warehouse) -> str | None:
    """What records were matched from last."""
    with warehouse.connect("ml") as connection:
        row = connection.execute(
            "select input_fingerprint from ml.customer_match_runs order by created_at desc limit 1"
        ).fetchone()
    return None if row is None else str(row[0])


def _read_records(warehouse: Warehouse) -> pd.DataFrame:
    """With tokens in place of names."""
    with warehouse.connect("ml") as connection:
        cursor = connection.execute(f"{_RECORDS} order by customer_record_id")
        names = [column.name for column in cursor.description or ()]
        return pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)


def _pairs(business: Business, name: str) -> list[tuple[str, str]]:
    """The owner's list of pairs, if there is one."""
    path = business.folder / "seeds" / f"customers_{name}.csv"
    if not path.exists():
        return []
    return _read_pairs(path)


def _read_pairs(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        wanted = {"left_customer_record_id", "right_customer_record_id"}
        if not wanted <= set(rows.fieldnames or ()):
            raise HubError(
                f"{path} lacks the columns {' and '.join(sorted(wanted))}.",
                fix="Copy the pairs from rpt_identity_reviews, with its header.",
            )
        return [(row["left_customer_record_id"], row["right_customer_record_id"]) for row in rows]


def _in_clear(records: pd.DataFrame, vault: Vault) -> pd.DataFrame:
    """What is compared, in memory; a phone is as good as its token."""
    tokens = sorted({str(token) for name in TOKENS for token in records[name].dropna()})
    clear = vault.reveal(tokens, "identity matching on names") if tokens else {}
    email, given, family, full = (records[name].map(clear.get) for name in TOKENS)
    parts = full.map(lambda name: name.strip().rpartition(" ") if isinstance(name, str) else None)
    return pd.DataFrame(
        {
            "record_id": records["customer_record_id"],
            "email": email,
            "phone": records["customer_phone_token"],
            "given_name": given.fillna(parts.map(lambda each: each and each[0])),
            "family_name": family.fillna(parts.map(lambda each: each and each[2])),
            "postal_code": records["postal_code"],
            "first_seen_at": pd.to_datetime(records["first_seen_at"], utc=True),
        }
    )


def _store(
    connection: psycopg.Connection,
    found: Identities,
    records_count: int,
    fingerprint: str,
    run_id: str,
) -> None:
    connection.execute(
        "insert into ml.customer_match_runs (run_id, records_count, input_fingerprint, versions) "
        "values (%s, %s, %s, %s)",
        (run_id, records_count, fingerprint, json.dumps(_versions())),
    )
    for table, rows in (
        ("customer_match_edges", found.edges),
        ("customer_match_reviews", found.reviews),
    ):
        connection.execute(f"truncate ml.{table}")
        copy_rows(connection, ("ml", table), rows)
    connection.execute("create temporary table found (like ml.customer_identities) on commit drop")
    connection.execute("alter table found alter column changed_number drop not null")
    copy_rows(connection, ("found",), found.members)
    # Everybody in a group that gained or lost a record has changed: their sums move, too.
    connection.execute("""
        create temporary table changed on commit drop as
        with differing as (
            select old.person_id as old_id, found.person_id as new_id
            from ml.customer_identities as old
            full join found on old.record_id = found.record_id
            where old.person_id is distinct from found.person_id
        )
        select old_id as person_id from differing where old_id is not null
        union select new_id from differing where new_id is not null
    """)
    load_number = next_load_number(connection)
    kept = connection.execute(
        """
        with merged as (
            select found.record_id, found.person_id, found.match_method, found.match_confidence,
                case when old.record_id is not null
                        and old.person_id not in (select person_id from changed)
                        and found.person_id not in (select person_id from changed)
                    then old.changed_number else %s end as changed_number
            from found
            left join ml.customer_identities as old on old.record_id = found.record_id
        )
        insert into ml.customer_identities as kept
        select * from merged
        on conflict (record_id) do update set person_id = excluded.person_id,
            match_method = excluded.match_method, match_confidence = excluded.match_confidence,
            changed_number = excluded.changed_number
        where kept.* is distinct from excluded.*
        """,
        (load_number,),
    )
    gone = connection.execute(
        "delete from ml.customer_identities where record_id not in (select record_id from found)"
    )
    tables = ["customer_match_edges", "customer_match_reviews"]
    tables += ["customer_identities"] if kept.rowcount + gone.rowcount else []
    note_changes(connection, [("ml", name) for name in tables], load_number)


def _versions() -> dict[str, str]:
    return versions_of(LIBRARIES)
