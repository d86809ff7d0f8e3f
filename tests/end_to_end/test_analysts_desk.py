"""What an analyst does on the demo's marts: worked questions, and metrics asked by their names."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook

from orchestration import dbt as hub_dbt
from orchestration.ops.demo import folder
from tests.conftest import RunningHub, run_hub_command
from warehouse.business import load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.home import PROJECT_ROOT

NOTEBOOK = PROJECT_ROOT / "docs" / "notebooks" / "first_questions.ipynb"
QUESTIONS = sorted((PROJECT_ROOT / "dbt_project" / "analyses").glob("*.sql"))


@pytest.fixture(scope="module")
def warehouse(running_hub: RunningHub) -> Warehouse:
    assert running_hub.dagster_url
    return open_warehouse(load_business(folder()))


@pytest.fixture(scope="module")
def compiled(warehouse: Warehouse) -> Path:
    """The folder of the questions as dbt compiles them."""
    command = ["compile", "--quiet", "--select", "resource_type:analysis"]
    with hub_dbt.environment(warehouse):
        done = subprocess.run(
            [str(hub_dbt.DBT_EXECUTABLE), *command],
            cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    target = hub_dbt.target_path(warehouse.business)
    return target / "compiled" / "hub" / "dbt_project" / "analyses"


@pytest.mark.parametrize("question", [path.name for path in QUESTIONS])
def test_a_worked_question_has_an_answer(
    question: str, compiled: Path, warehouse: Warehouse
) -> None:
    with warehouse.connect("analyst") as connection:
        rows = connection.execute((compiled / question).read_bytes()).fetchall()
    assert rows
    assert all(any(value is not None for value in row) for row in rows)


def test_the_rows_behind_each_insight_are_found_where_it_says(warehouse: Warehouse) -> None:
    with warehouse.connect("analyst") as connection:
        insights = connection.execute(
            "select headline, evidence_mart, evidence_filter from rpt_insights order by 1"
        ).fetchall()
        assert len(insights) >= 5
        for headline, mart, condition in insights:
            found = connection.execute(f"select count(*) from {mart} where {condition}").fetchone()
            assert found is not None
            assert found[0] > 0, headline


def test_both_dates_of_refunds_and_all_months_add_up_to_the_same(
    compiled: Path, warehouse: Warehouse
) -> None:
    with warehouse.connect("analyst") as connection:
        refunds = connection.execute(
            (compiled / "refunds_on_their_day_and_on_the_order_day.sql").read_bytes()
        ).fetchall()
        months = connection.execute(
            (compiled / "from_gross_to_net_by_month.sql").read_bytes()
        ).fetchall()
    assert sum(row[1] for row in refunds) == sum(row[2] for row in refunds)
    for _, gross, discount, reversal, net, *_ in months:
        assert gross - discount - reversal == net
    assert sum(row[3] for row in months) == sum(row[1] for row in refunds)


def test_metricflow_gives_the_same_net_sales_as_the_mart(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    answer = tmp_path / "answer.csv"
    done = run_hub_command(
        "metrics", "--business", str(folder()), "--", "query", "--metrics", "net_sales",
        "--group-by", "metric_time__month", "--order", "metric_time__month", "--csv", str(answer),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    rows = list(csv.reader(io.StringIO(answer.read_text(encoding="utf-8"))))[1:]
    with warehouse.connect("analyst") as connection:
        expected = connection.execute(
            "select to_char(date_trunc('month', sale_date), 'YYYY-MM'), sum(net_amount) "
            "from rpt_sales_daily group by 1 order by 1"
        ).fetchall()
    assert [(row[0][:7], round(float(row[1]), 2)) for row in rows] == [
        (month, round(float(amount), 2)) for month, amount in expected
    ]


def test_a_mart_comes_out_the_same_in_every_kind_of_file(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with warehouse.connect("analyst") as connection:
        expected = connection.execute(
            "select count(*), sum(net_amount) from rpt_sales_daily"
        ).fetchone()
    readers = {"csv": pd.read_csv, "xlsx": pd.read_excel, "parquet": pd.read_parquet}
    for ending, read in readers.items():
        file = tmp_path / f"sales.{ending}"
        done = _export("rpt_sales_daily", file)
        assert done.returncode == 0, done.stderr
        rows = read(file)  # type: ignore[operator]
        assert (len(rows), round(rows["net_amount"].astype(float).sum(), 2)) == (
            expected[0], round(float(expected[1]), 2)
        )  # fmt: skip
        assert pd.to_datetime(rows["sale_date"]).notna().all()
    assert "is there already" in _export("rpt_sales_daily", tmp_path / "sales.csv").stderr


def test_an_export_runs_no_formula_and_leaves_nothing_half_done(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    assert warehouse.database
    file = tmp_path / "odd.xlsx"
    done = _export("select '=1+1' as text, now() as moment, null::text as nothing", file)
    assert done.returncode == 0, done.stderr
    (_, row) = load_workbook(file).active.iter_rows()
    assert (row[0].value, row[0].data_type) == ("=1+1", "s")
    for what, name, told in (
        ("select * from raw_square.orders", "a.csv", "permission denied"),
        ("delete from marts.rpt_sales_daily", "b.csv", "refuses"),
        ("rpt_sales_daily", "c.docx", "ending"),
    ):
        done = _export(what, tmp_path / name)
        assert done.returncode == 1
        assert told in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["odd.xlsx"]


def test_the_notebook_answers_its_questions(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_BUSINESS", str(warehouse.business.folder))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    found: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), found)
    assert len(found["weekly"]) > 50
    assert {"counted", "duplicate_of_shopify"} <= set(found["left_out"]["outcome"])
    accuracy = found["accuracy"]
    assert (accuracy["wape"] <= accuracy["best_naive_wape"]).all()
    assert found["todo"]["headline"].notna().all()
    assert len(found["todo"]) == 10


def _export(what: str, file: Path) -> subprocess.CompletedProcess[str]:
    return run_hub_command("export", "--business", str(folder()), what, str(file))
