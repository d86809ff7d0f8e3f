"""A business with real customers: the CDNOW sample of Fader, Hardie & Lee.

The package ``lifetimes`` carries the data; it no longer imports, so only its file is read.
"""

from __future__ import annotations

from datetime import date
from importlib.metadata import distribution
from pathlib import Path

import pandas as pd

LAST_DAY = date(1998, 6, 30)
MAPPING = """\
kind = "sales"
[columns]
order_id = "order_id"
customer_id = "customer_id"
sale_date = "purchase_date"
quantity = "quantity"
line_amount = "net_amount"
product_name = { value = "CD" }
"""
SETTINGS = """\
id = "record_shop"
name = "Record Shop"
time_zone = "America/New_York"
currency_code = "USD"
country_code = "US"
"""


def purchases() -> pd.DataFrame:
    """One row per purchase: ``order_id, customer_id, purchase_date, quantity, net_amount``."""
    sample = distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_sample.txt")
    rows = pd.read_csv(str(sample), header=None, sep=r"\s+")
    rows.columns = ["master_id", "customer_id", "purchase_date", "quantity", "net_amount"]
    rows["purchase_date"] = pd.to_datetime(rows["purchase_date"].astype(str), format="%Y%m%d")
    rows["order_id"] = [f"O{number:05d}" for number in range(len(rows))]
    return rows[["order_id", "customer_id", "purchase_date", "quantity", "net_amount"]]


def write_inbox(inbox: Path) -> None:
    """Put the purchases and their mapping into an inbox."""
    folder = inbox / "sales"
    folder.mkdir(parents=True)
    purchases().to_csv(folder / "purchases.csv", index=False)
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
