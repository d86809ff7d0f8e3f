"""The committed bundle: up to date, deterministic, sound and free of any one business."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hub_bi import bundle
from hub_bi.charts import Heatmap, OverTime, Rows, named_metric
from hub_bi.dashboards import all_dashboards, full_dashboards
from hub_bi.dashboards.shared import PAGES
from hub_bi.layout import placeholder_id
from hub_bi.semantics import Mart, SemanticsError, read_questions
from hub_bi.settings import ASSETS
from hub_bi.tiles import Dashboard, Tile
from hub_bi.validate import problems


@pytest.fixture(scope="module")
def built(marts: dict[str, Mart], manifest: Path) -> bundle.Bundle:
    return bundle.build(all_dashboards(), marts) | bundle.saved_queries(read_questions(manifest))


def test_committed_bundle_equals_what_the_descriptions_generate(built: bundle.Bundle) -> None:
    assert bundle.differences(built, ASSETS) == [], "run `python -m hub_bi build`"


def test_building_twice_gives_the_same_bytes(built: bundle.Bundle, marts: dict[str, Mart]) -> None:
    again = bundle.build(all_dashboards(), marts)
    assert again
    assert {n: bundle.dump(c) for n, c in again.items()} == {
        n: bundle.dump(c) for n, c in built.items() if n in again
    }


def test_every_dashboard_leads_to_marts_and_metrics_that_dbt_has(marts: dict[str, Mart]) -> None:
    assert problems(bundle.read(ASSETS), marts) == []


def test_the_dashboards_are_published_under_their_slugs_each_also_for_a_phone() -> None:
    boards = [c for n, c in bundle.read(ASSETS).items() if n.startswith("dashboards/")]
    slugs = {
        "owner-overview",
        "today",
        "insights",
        "sales",
        "profit",
        "restaurant",
        "customers",
        "marketing",
        "inventory",
        "forecast",
        "data-health",
        "data-dictionary",
    }
    assert {board["slug"] for board in boards} == slugs | {f"{slug}-phone" for slug in slugs}
    assert all(board["published"] for board in boards)


def test_the_navigation_leads_to_every_dashboard() -> None:
    assert set(PAGES) == {board.slug for board in full_dashboards()}


def test_the_database_holds_no_password_and_allows_no_writing() -> None:
    database = bundle.read(ASSETS)[bundle.DATABASE_FILE]
    assert database["sqlalchemy_uri"] == "postgresql+psycopg2://bi_reader@localhost:5432/warehouse"
    refused = ("allow_dml", "allow_ctas", "allow_cvas", "allow_csv_upload", "allow_run_async")
    assert [database[key] for key in refused] == [False] * 5


def test_no_dataset_offers_a_column_that_names_a_person() -> None:
    personal = re.compile(r"e_?mail|phone|first_name|last_name|street|address", re.I)
    columns = {
        f"{content['table_name']}.{column['column_name']}"
        for name, content in bundle.read(ASSETS).items()
        if name.startswith("datasets/")
        for column in content["columns"]
    }
    assert [column for column in sorted(columns) if personal.search(column)] == []


def test_every_title_is_a_question_and_no_dashboard_has_more_than_nine_tiles() -> None:
    for board in all_dashboards():
        tiles = list(board.tiles())
        fewest = 3 if board.slug.startswith("data-dictionary") else 5
        assert fewest <= len(tiles) <= 9, board.slug
        for tile in tiles:
            assert "?" in tile.question, tile.question


def test_every_dashboard_shows_the_age_of_its_data() -> None:
    # Today is named by its day, and the dictionary changes with the code alone.
    without = {"today", "today-phone", "data-dictionary", "data-dictionary-phone"}
    for board in all_dashboards():
        shows_age = "rpt_data_freshness" in {tile.mart for tile in board.tiles()}
        assert shows_age != (board.slug in without), board.slug


def test_every_condition_for_showing_a_chart_names_columns_that_exist(
    marts: dict[str, Mart],
) -> None:
    words = {"and", "or", "not", "is", "null"}
    for board in all_dashboards():
        for tile in board.tiles():
            for mart, condition in tile.row_checks():
                unquoted = re.sub(r"'[^']*'", "", condition)
                named = set(re.findall(r"[a-z_]\w*", unquoted)) - words
                assert named <= set(marts[mart].columns), (tile.key, mart, condition)


@cache
def _boards() -> dict[str, dict[str, Any]]:
    files = bundle.read(ASSETS)
    return {c["slug"]: c for n, c in files.items() if n.startswith("dashboards/")}


def _nodes(board: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [
        node
        for node in board["position"].values()
        if isinstance(node, dict) and node["type"] == kind
    ]


@pytest.mark.parametrize("slug", [board.slug for board in full_dashboards()])
def test_a_phone_shows_the_same_charts_in_one_column(slug: str) -> None:
    wide, phone = _boards()[slug], _boards()[f"{slug}-phone"]
    assert {len(row["children"]) for row in _nodes(phone, "ROW")} == {1}
    assert {node["meta"]["width"] for node in _nodes(phone, "CHART")} == {12}
    shown = [[(n["id"], n["meta"]["uuid"]) for n in _nodes(b, "CHART")] for b in (wide, phone)]
    assert shown[0] == shown[1]
    (links,) = [
        n["meta"]["code"] for n in _nodes(phone, "MARKDOWN") if "?view=full" in n["meta"]["code"]
    ]
    assert f"(/superset/dashboard/{slug}/?view=full)" in links


def test_a_filter_reaches_every_chart_whose_mart_has_its_column(marts: dict[str, Mart]) -> None:
    for board in full_dashboards():
        placed = {placeholder_id(board, tile): tile for tile in board.tiles()}
        for shown in _boards()[board.slug]["metadata"]["native_filter_configuration"]:
            if shown["filterType"] != "filter_select":
                continue
            column = shown["targets"][0]["column"]["name"]
            reached = [t for i, t in placed.items() if i not in shown["scope"]["excluded"]]
            assert reached == [t for t in placed.values() if column in marts[t.mart].columns]
            assert reached, (board.slug, column)


def test_what_is_not_known_comes_last_where_the_largest_comes_first() -> None:
    files = bundle.read(ASSETS)
    order = files["charts/restaurant__what_to_do.yaml"]["params"]["order_by_cols"]
    assert order == ['["gross_margin_amount_reversed", true]']
    columns = {c["column_name"]: c for c in files["datasets/rpt_menu.yaml"]["columns"]}
    assert columns["gross_margin_amount_reversed"]["expression"] == "-gross_margin_amount"


def test_tables_draw_no_bars_and_heatmaps_no_numbers() -> None:
    for name, chart in bundle.read(ASSETS).items():
        if not name.startswith("charts/"):
            continue
        if chart["viz_type"] == "table":
            assert chart["params"]["show_cell_bars"] is False, name
        if chart["viz_type"] == "heatmap_v2":
            assert chart["params"]["show_values"] is False, name


def test_no_number_format_is_unrounded_and_every_chart_can_be_reported() -> None:
    for name, chart in bundle.read(ASSETS).items():
        if not name.startswith("charts/"):
            continue
        assert "~s" not in json.dumps(chart["params"]), name
        context = json.loads(chart["query_context"])
        assert context["queries"][0]["metrics"] or context["queries"][0]["columns"], name


def test_an_unknown_metric_is_refused_with_the_names_that_exist(marts: dict[str, Mart]) -> None:
    tile = Tile("x", "How?", "rpt_sales_daily", OverTime(("profit",)), 6, 20)
    board = Dashboard("x", "X", "", ((tile,),))
    with pytest.raises(SemanticsError, match=r"no metric 'profit' \(its metrics: .*net_sales"):
        bundle.build([board], marts)


def test_an_unknown_column_is_refused(marts: dict[str, Mart]) -> None:
    for chart in (Heatmap("net_sales", x="colour", y="sale_date"), Rows(("colour",))):
        with pytest.raises(SemanticsError, match="no column 'colour'"):
            chart.spec(marts["rpt_sales_daily"])


def test_a_label_that_already_names_a_metric_is_refused(marts: dict[str, Mart]) -> None:
    mart = marts["rpt_sales_daily"]
    taken = mart.metric("orders").label
    with pytest.raises(SemanticsError, match="already names"):
        named_metric(mart, "net_sales", {"net_sales": taken})


def test_the_validator_names_a_chart_whose_metric_is_gone(marts: dict[str, Mart]) -> None:
    files = bundle.read(ASSETS)
    files["charts/sales__net_sales.yaml"]["params"]["metric"] = "gone"
    assert problems(files, marts) == [
        "charts/sales__net_sales.yaml: uses the metric 'gone', which rpt_sales_daily does not have"
    ]


def test_writing_removes_what_is_no_longer_described(tmp_path: Path, built: bundle.Bundle) -> None:
    stray = tmp_path / "charts" / "old.yaml"
    stray.parent.mkdir()
    stray.write_text("a: 1")
    bundle.write(built, tmp_path)
    assert not stray.exists()
    assert bundle.differences(built, tmp_path) == []
