"""A person is all of their records, as far as their owner does not know better."""

from __future__ import annotations

from collections.abc import Callable

from tests.dbt.building import build_ledger, load
from warehouse.database import Warehouse

SALES = """\
order_id,line_id,sold_at,product_id,quantity,unit_price_amount,customer_id,customer_email,customer_phone
A1,1,2026-01-05 10:00:00,tea,2,5.00,c1,ada@example.org,+12125550100
A2,1,2026-02-10 10:00:00,tea,3,5.00,c2, ADA@example.org,
A2,2,2026-02-20 10:00:00,tea,-1,5.00,c2,ADA@example.org,
A3,1,2026-03-01 10:00:00,tea,1,4.00,c3,ada@Example.org,
B1,1,2026-03-11 10:00:00,tea,1,9.00,c4,bob@example.org,+12125550100
G1,1,2026-03-11 11:00:00,tea,1,9.00,,,
"""
NAMES = """\
customer_id,customer_name,customer_phone
c1,Ada Byron,+12125550100
c4,Bob Smith,+12125550100
"""


def test_a_person_s_recency_frequency_and_spend_are_those_of_all_their_records(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    """Merged when the records are few and small, taken apart again by the owner."""
    warehouse = warehouse_factory(rfm_mode="fixed")
    inbox = warehouse.business.inbox
    for kind, text in (("sales", SALES), ("customers", NAMES)):
        (inbox / kind).mkdir(exist_ok=True)
        (inbox / kind / "export.csv").write_text(text, encoding="utf-8")
    load(warehouse)
    scores = """
        select source_customer_ids, recency_days, frequency::int, monetary_amount::float, r_score,
            f_score, rfm.load_number is not null
        from fct_customer_rfm as rfm join dim_customers using (customer_key) order by 1"""
    build_ledger(warehouse)
    assert _rows(warehouse, scores) == [
        ("c1, c2, c3", 10, 3, 24.0, 5, 3, True),
        ("c4", 0, 1, 9.0, 5, 1, True),
    ]
    # One phone under two names joins nobody, and a person shall look at it.
    assert _rows(
        warehouse,
        "select left_customer_record_id, right_customer_record_id, reason, load_number is not null "
        "from rpt_identity_reviews",
    ) == [("spreadsheets|c1", "spreadsheets|c4", "one phone under two names", True)]

    seeds = warehouse.business.folder / "seeds"
    seeds.mkdir()
    apart = [("c1", "c3"), ("c2", "c3")]
    (seeds / "customers_do_not_merge.csv").write_text(
        "left_customer_record_id,right_customer_record_id\n"
        + "".join(f"spreadsheets|{one},spreadsheets|{other}\n" for one, other in apart),
        encoding="utf-8",
    )
    build_ledger(warehouse)
    assert _rows(warehouse, scores) == [
        ("c1, c2", 29, 2, 20.0, 5, 2, True),
        ("c3", 10, 1, 4.0, 5, 1, True),
        ("c4", 0, 1, 9.0, 5, 1, True),
    ]


def _rows(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect("analyst") as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]
