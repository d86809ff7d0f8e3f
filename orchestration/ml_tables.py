"""The tables of the schema ``ml``: what the models give back, and the evidence for it.

Their definitions lie beside this file in ``ml_schema``, one file per domain; the evidence that all
of them refer to comes first.
"""

from importlib.resources import files

from warehouse.database import Warehouse


def ensure_ml_tables(warehouse: Warehouse) -> None:
    """Create what is missing, so that dbt finds the tables before the first run."""
    definitions = files("orchestration") / "ml_schema"
    scripts = sorted(
        (each for each in definitions.iterdir() if each.name.endswith(".sql")),
        key=lambda script: script.name,
    )
    with warehouse.connect("ml") as connection:
        for script in scripts:
            connection.execute(script.read_bytes())
