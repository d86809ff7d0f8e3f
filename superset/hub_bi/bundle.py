"""The bundle: every database, dataset, chart and dashboard as the YAML that Superset imports.

The same manifest and descriptions give the same bytes everywhere; nothing of one business
(its currency, dates or address) is in it. `localise` adds that when the bundle is installed.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from hub_bi.charts import (
    CALCULATED_COLUMNS,
    CURRENCY_FORMAT,
    ByCategory,
    Rows,
    reversed_column,
)
from hub_bi.identity import short_id, stable_uuid
from hub_bi.layout import chart_uuid, placeholder_id, position
from hub_bi.palette import CATEGORICAL_SCHEME
from hub_bi.semantics import Mart, Metric, SemanticsError, column_label
from hub_bi.tiles import ChoiceFilter, Dashboard, Filter, PeriodFilter, Tile

DATABASE_NAME = "Business warehouse"
DATABASE_UUID = str(stable_uuid("database", "warehouse"))
DATABASE_FILE = "databases/warehouse.yaml"
METADATA_FILE = "metadata.yaml"
# Under this key of `extra` a dataset says what location managers may read of it; none is nothing.
MANAGERS_KEY = "location_managers"
OWN_LOCATIONS = "own_locations"
PLACEHOLDER_URI = "postgresql+psycopg2://bi_reader@localhost:5432/warehouse"
VERSION = "1.0.0"
# The same safe loader in C reads ten times as fast; not every platform has it.
_SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Marts whose rows belong to a day or month, so that a period filter makes sense on them.
PERIOD_MARTS = frozenset(
    {
        "rpt_sales_daily",
        "rpt_sales_hourly",
        "rpt_product_performance",
        "rpt_margin_daily",
        "rpt_contribution_daily",
        "rpt_profit_steps_daily",
        "rpt_profit_and_loss",
        "rpt_customers_monthly",
        "rpt_acquisition",
        "rpt_conversion_funnel",
        "rpt_customer_journey",
        "fct_marketing_spend",
        "fct_inventory_daily",
        "rpt_reconciliation",
    }
)

# Marts that change while somebody looks: an answer may be so many seconds old.
LIVE_MARTS = frozenset({"rpt_today", "rpt_today_hours", "rpt_today_sales"})
LIVE_SECONDS = 5

DASHBOARD_CSS = """
.dashboard-component-chart-holder { border-radius: 10px; }
.dashboard-component-chart-holder .header-title { font-weight: 600; font-size: 15px; }
.dashboard-markdown .dashboard-component-chart-holder { overflow: auto; }
.dashboard-component-chart-holder td.dt-metric { white-space: nowrap; }
.pop_kpi > div > div > div:last-child { gap: 14px !important; justify-content: center !important; }
.pop_kpi > div > div > div:last-child > div { flex: none; font-size: 13px; white-space: nowrap; }
""".strip()
# A list that is short on purpose is not to warn that it is short.
SHORT_LIST_CSS = '[data-test-chart-name="{question}"] [data-test="warning"] {{ display: none; }}'
SHORT_LIST_ROWS = 20
# Superset 6.1 takes a click on a lying bar for a choice of the bar's value, not of its name, and
# leaves every other chart empty.
NO_CLICK_CSS = '[data-test-chart-name="{question}"] .slice_container {{ pointer-events: none; }}'

Bundle = dict[str, dict[str, Any]]


def build(dashboards: Iterable[Dashboard], marts: Mapping[str, Mart]) -> Bundle:
    """Return the bundle's files by path; SemanticsError when a dashboard asks for too much."""
    boards = list(dashboards)
    files: Bundle = {
        METADATA_FILE: {"version": VERSION, "type": "assets"},
        DATABASE_FILE: _database(),
    }
    for name in sorted(_marts_used(boards)):
        if name not in marts:
            raise SemanticsError(f"dbt has no mart '{name}', but a dashboard uses it.")
        files[f"datasets/{name}.yaml"] = _dataset(
            marts[name], _reversed_columns(boards, marts[name])
        )
    for board in boards:
        if not board.shows_charts_of:
            files |= {chart_file(board, tile): _chart(board, tile, marts) for tile in board.tiles()}
        files[dashboard_file(board)] = _dashboard(board, marts)
    return files


def saved_queries(questions: Mapping[str, tuple[str, str]]) -> Bundle:
    """Return worked questions (question and SQL by name) as files of the bundle."""
    return {
        f"queries/{name}.yaml": {
            "label": question,
            "description": f"dbt_project/analyses/{name}.sql",
            "schema": "marts",
            "catalog": None,
            "sql": sql,
            "uuid": str(stable_uuid("query", name)),
            "database_uuid": DATABASE_UUID,
            "version": VERSION,
        }
        for name, (question, sql) in questions.items()
    }


def write(files: Bundle, folder: Path) -> None:
    """Write the bundle into a folder and remove the YAML that is no longer part of it."""
    for path in folder.rglob("*.yaml"):
        if path.relative_to(folder).as_posix() not in files:
            path.unlink()
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dump(content), encoding="utf-8")


def read(folder: Path) -> Bundle:
    """Return the bundle that a folder holds."""
    return {
        path.relative_to(folder).as_posix(): yaml.load(
            path.read_text(encoding="utf-8"),
            Loader=_SAFE_LOADER,  # noqa: S506
        )
        for path in sorted(folder.rglob("*.yaml"))
    }


def differences(files: Bundle, folder: Path) -> list[str]:
    """Return one sentence per file in which the folder differs from the bundle."""
    committed = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.yaml")
    }
    missing = [f"{name} is missing" for name in files if name not in committed]
    surplus = [f"{name} belongs to nothing" for name in committed if name not in files]
    changed = [
        f"{name} is out of date"
        for name, content in files.items()
        if name in committed and committed[name] != dump(content)
    ]
    return sorted(missing + surplus + changed)


class _PlainDumper(yaml.SafeDumper):
    """Writes repeated values in full instead of as YAML references."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def dump(content: Mapping[str, Any]) -> str:
    """Return a file of the bundle as YAML, keys in order, long texts unbroken."""
    return yaml.dump(
        dict(content), Dumper=_PlainDumper, sort_keys=True, allow_unicode=True, width=1000
    )


def dashboard_file(board: Dashboard) -> str:
    """Return the file of a dashboard."""
    return f"dashboards/{_underscored(board.slug)}.yaml"


def chart_file(board: Dashboard, tile: Tile) -> str:
    """Return the file of a tile's chart, which all layouts of a dashboard share."""
    return f"charts/{_underscored(board.charts_slug)}__{tile.key}.yaml"


def _underscored(slug: str) -> str:
    return slug.replace("-", "_")


def _marts_used(boards: Iterable[Dashboard]) -> set[str]:
    used = {tile.mart for board in boards for tile in board.tiles()}
    return used | {
        chosen.mart
        for board in boards
        for chosen in board.filters
        if isinstance(chosen, ChoiceFilter)
    }


def _database() -> dict[str, Any]:
    return {
        "database_name": DATABASE_NAME,
        "sqlalchemy_uri": PLACEHOLDER_URI,
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "impersonate_user": False,
        "extra": {
            "allows_virtual_table_explore": True,
            "cost_estimate_enabled": False,
            "disable_data_preview": False,
            "metadata_params": {},
            "engine_params": {"connect_args": {"connect_timeout": 10}},
            "schemas_allowed_for_csv_upload": [],
        },
        "uuid": DATABASE_UUID,
        "is_managed_externally": True,
        "version": VERSION,
    }


def dataset_uuid(mart: str) -> str:
    """Return the id of a mart's dataset."""
    return str(stable_uuid("dataset", mart))


def time_columns(files: Bundle) -> dict[str, str]:
    """Return the column that time filters use, by mart."""
    return {
        content["table_name"]: content["main_dttm_col"]
        for name, content in files.items()
        if name.startswith("datasets/") and content["main_dttm_col"]
    }


def _reversed_columns(boards: Iterable[Dashboard], mart: Mart) -> list[str]:
    tiles = [tile for board in boards for tile in board.tiles() if tile.mart == mart.name]
    charts = [tile.chart for tile in tiles if isinstance(tile.chart, Rows)]
    return sorted({column for chart in charts for column in chart.reversed_columns(mart)})


def _dataset(mart: Mart, reversed_columns: Iterable[str]) -> dict[str, Any]:
    calculated = CALCULATED_COLUMNS.get(mart.name, {})
    return {
        "table_name": mart.name,
        "schema": "marts",
        "description": mart.description,
        "main_dttm_col": mart.time_column,
        "cache_timeout": LIVE_SECONDS if mart.name in LIVE_MARTS else None,
        "offset": 0,
        "filter_select_enabled": True,
        "normalize_columns": False,
        "always_filter_main_dttm": False,
        "columns": [
            _column(column.name, column.data_type, column.description, column.is_temporal)
            for column in mart.columns.values()
        ]
        + [
            _column(name, "text", description, False) | {"expression": expression}
            for name, (expression, description) in calculated.items()
        ]
        + [
            _column(reversed_column(name), "numeric", "To put the largest first", False)
            | {"expression": f"-{name}"}
            for name in reversed_columns
        ],
        "metrics": [_metric(metric) for metric in mart.metrics.values()],
        "extra": {MANAGERS_KEY: mart.location_managers} if mart.location_managers else None,
        "uuid": dataset_uuid(mart.name),
        "database_uuid": DATABASE_UUID,
        "is_managed_externally": True,
        "version": VERSION,
    }


def _column(name: str, data_type: str, description: str, is_temporal: bool) -> dict[str, Any]:
    return {
        "column_name": name,
        "verbose_name": column_label(name),
        "description": description,
        "type": data_type.upper(),
        "is_dttm": is_temporal,
        "is_active": True,
        "groupby": True,
        "filterable": True,
        "expression": None,
    }


def _metric(metric: Metric) -> dict[str, Any]:
    content: dict[str, Any] = {
        "metric_name": metric.name,
        "verbose_name": metric.label,
        "description": metric.description,
        "expression": metric.expression,
        "d3format": metric.d3_format,
    }
    if metric.format == "currency":
        content["currency"] = CURRENCY_FORMAT
    return content


def _chart(board: Dashboard, tile: Tile, marts: Mapping[str, Mart]) -> dict[str, Any]:
    spec = tile.chart.spec(marts[tile.mart])
    return {
        "slice_name": tile.question,
        "description": tile.note or None,
        "viz_type": spec.viz_type,
        "params": spec.params,
        "query_context": spec.query_context(),
        "cache_timeout": None,
        "uuid": chart_uuid(board, tile),
        "dataset_uuid": dataset_uuid(tile.mart),
        "is_managed_externally": True,
        "version": VERSION,
    }


def _dashboard(board: Dashboard, marts: Mapping[str, Mart]) -> dict[str, Any]:
    filters = [_filter(board, chosen, marts) for chosen in board.filters]
    return {
        "dashboard_title": board.title,
        "description": board.description,
        "slug": board.slug,
        "css": _css(board),
        "published": True,
        "uuid": str(stable_uuid("dashboard", board.slug)),
        "position": position(board),
        "metadata": {
            "color_scheme": CATEGORICAL_SCHEME,
            "cross_filters_enabled": True,
            "expanded_slices": {},
            "filter_bar_orientation": "HORIZONTAL",
            "label_colors": dict(board.label_colours),
            "native_filter_configuration": filters,
            "refresh_frequency": board.refresh_seconds,
            "shared_label_colors": [],
            "timed_refresh_immune_slices": [],
        },
        "is_managed_externally": True,
        "version": VERSION,
    }


def _css(board: Dashboard) -> str:
    short_lists = [
        SHORT_LIST_CSS.format(question=tile.question)
        for tile in board.tiles()
        if isinstance(tile.chart, Rows) and tile.chart.limit <= SHORT_LIST_ROWS
    ]
    no_clicks = [
        NO_CLICK_CSS.format(question=tile.question)
        for tile in board.tiles()
        if isinstance(tile.chart, ByCategory) and tile.chart.lying and not tile.chart.split_by
    ]
    return "\n".join([DASHBOARD_CSS, *short_lists, *no_clicks])


def filter_id(board: Dashboard, name: str) -> str:
    """Return the id of a dashboard's filter."""
    return short_id("NATIVE_FILTER", "filter", f"{board.slug}/{name}")


def _filter(board: Dashboard, chosen: Filter, marts: Mapping[str, Mart]) -> dict[str, Any]:
    common = {
        "id": filter_id(board, chosen.name),
        "name": chosen.name,
        "type": "NATIVE_FILTER",
        "description": "",
        "cascadeParentIds": [],
        "defaultDataMask": {"extraFormData": {}, "filterState": {}},
        "scope": {
            "rootPath": ["ROOT_ID"],
            "excluded": [
                placeholder_id(board, tile)
                for tile in board.tiles()
                if not _follows(chosen, tile, marts[tile.mart])
            ],
        },
    }
    if isinstance(chosen, PeriodFilter):
        return common | {
            "filterType": "filter_time",
            "targets": [{}],
            "controlValues": {"enableEmptyFilter": False},
        }
    return common | {
        "filterType": "filter_select",
        "targets": [{"datasetUuid": dataset_uuid(chosen.mart), "column": {"name": chosen.column}}],
        "controlValues": {
            "enableEmptyFilter": False,
            "defaultToFirstItem": False,
            "multiSelect": True,
            "searchAllOptions": False,
            "inverseSelection": False,
        },
    }


def _follows(chosen: Filter, tile: Tile, mart: Mart) -> bool:
    if isinstance(chosen, PeriodFilter):
        return mart.name in PERIOD_MARTS and not tile.ignores_period
    return chosen.column in mart.columns
