"""The rooms: who may import whom, and which SQL layer may read which."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment
from sqlglot import TokenType, tokenize

from orchestration import dbt as hub_dbt
from orchestration.defs.predict.assets import TASKS
from orchestration.defs.predict.tasks import FEATURES
from warehouse.home import PROJECT_ROOT

ROOMS = {"ingestion", "warehouse", "ml", "orchestration", "sandbox", "tests", "benchmarks"}
ALLOWED_ROOMS = {
    "warehouse": set(),
    "ingestion": {"warehouse"},
    "ml": set(),
    "sandbox": set(),
    "orchestration": {"warehouse", "ingestion", "ml"},
}
FORBIDDEN_LIBRARIES = {
    "warehouse": {"dagster", "dlt", "dbt", "pandas", "great_expectations"},
    "ingestion": {"dagster", "dbt", "prophet", "sklearn", "great_expectations"},
    "ml": {"dagster", "dlt", "psycopg", "sqlalchemy", "os", "pathlib", "time", "duckdb"},
}


def _imports(room: str) -> Iterator[tuple[Path, str]]:
    for file in (PROJECT_ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((file, alias.name.split(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield file, node.module.split(".")[0]


@pytest.mark.parametrize("room", sorted(ALLOWED_ROOMS))
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    foreign = {
        (file.name, name)
        for file, name in _imports(room)
        if name in ROOMS - {room} - ALLOWED_ROOMS[room]
    }
    assert foreign == set()


@pytest.mark.parametrize("room", sorted(FORBIDDEN_LIBRARIES))
def test_a_room_keeps_clear_of_what_is_not_its_business(room: str) -> None:
    found = {
        (file.name, name) for file, name in _imports(room) if name in FORBIDDEN_LIBRARIES[room]
    }
    assert found == set()


def test_nothing_private_of_dagster_is_imported() -> None:
    private = {
        (file.name, name)
        for file in (PROJECT_ROOT / "orchestration").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
        for name in [node.module]
        if name.startswith("dagster") and "._" in name
    }
    assert private == set()


def test_the_workflow_runs_every_test() -> None:
    workflow = yaml.safe_load((PROJECT_ROOT / ".github/workflows/test.yml").read_text())
    parts = workflow["jobs"]["test"]["strategy"]["matrix"]["part"]
    covered = {path for part in parts for path in part["tests"].split()}
    tests = PROJECT_ROOT / "tests"
    rooms = {f"tests/{file.relative_to(tests).parts[0]}" for file in tests.rglob("test_*.py")}
    assert covered == rooms


def test_ml_reads_no_clock() -> None:
    calls = {
        (file.name, node.attr)
        for file in (PROJECT_ROOT / "ml").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}
    }
    assert calls == set()


def test_the_superset_room_is_no_package() -> None:
    """An __init__.py there would shadow Apache Superset."""
    assert not (PROJECT_ROOT / "superset" / "__init__.py").exists()


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, dict[str, object]]]:
    loaded: dict[str, dict[str, dict[str, object]]] = json.loads(
        hub_dbt.manifest_path().read_text()
    )
    return loaded


def _layer(unique_id: str, manifest: dict[str, dict[str, dict[str, object]]]) -> str:
    kind = unique_id.split(".", 1)[0]
    if kind != "model":
        return kind
    fqn = manifest["nodes"][unique_id]["fqn"]
    assert isinstance(fqn, list)
    return str(fqn[1])


READABLE_LAYERS = {
    "staging": {"source"},
    "intermediate": {"staging", "intermediate", "seed", "snapshot"},
    "marts": {"staging", "intermediate", "marts", "seed"},
    "features": {"staging", "marts", "features"},
}


def test_only_staging_reads_sources_and_nothing_reads_upwards(
    manifest: dict[str, dict[str, dict[str, object]]],
) -> None:
    wrong = [
        (name, parent)
        for name, node in manifest["nodes"].items()
        if name.startswith("model.")
        for parent in node["depends_on"]["nodes"]  # type: ignore[index]
        if _layer(parent, manifest) not in READABLE_LAYERS[_layer(name, manifest)]
    ]
    assert wrong == []


# Models that are built one after the other, at most.
LONGEST_CHAIN = 14


def test_a_row_passes_few_models_on_its_way(
    manifest: dict[str, dict[str, dict[str, object]]],
) -> None:
    """A change must be followed from a mart to its source by a person; and a run waits for it."""
    models = {name: node for name, node in manifest["nodes"].items() if name.startswith("model.")}
    before = {
        name: [parent for parent in node["depends_on"]["nodes"] if parent in models]  # type: ignore[index]
        for name, node in models.items()
    }
    length: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        length[name] = 1 + max((length[parent] for parent in before[name]), default=0)
    features = {name for name in models if _layer(name, manifest) == FEATURES}
    assert max(length[name] for name in models.keys() - features) == LONGEST_CHAIN
    # A feature is one step more, from a mart to the task that reads it.
    assert max(length[name] for name in features) == LONGEST_CHAIN + 1


SETTLED_IN_STAGING = ("ml__", "quality__", "settings__")


def test_marts_read_business_rows_through_intermediate_only(
    manifest: dict[str, dict[str, dict[str, object]]],
) -> None:
    """Staging of a selling system must not leak into marts; the hub's own has no other step."""
    wrong = [
        (name, parent)
        for name, node in manifest["nodes"].items()
        if name.startswith("model.") and _layer(name, manifest) in ("marts", "features")
        for parent in node["depends_on"]["nodes"]  # type: ignore[index]
        if ".stg_" in parent and not parent.split(".stg_")[1].startswith(SETTLED_IN_STAGING)
    ]
    assert wrong == []


@pytest.mark.parametrize("layer", ["marts", "features"])
def test_every_mart_and_feature_is_contracted_described_and_owned(
    manifest: dict[str, dict[str, dict[str, object]]], layer: str
) -> None:
    models = [
        n
        for k, n in manifest["nodes"].items()
        if k.startswith("model.hub.") and _layer(k, manifest) == layer
    ]
    files = (PROJECT_ROOT / "dbt_project" / "models" / layer).rglob("*.sql")
    assert {model["name"] for model in models} == {file.stem for file in files} != set()
    for mart in models:
        config, columns = mart["config"], mart["columns"]
        assert config["contract"]["enforced"], mart["name"]  # type: ignore[index]
        assert str(mart["description"]).startswith("Grain:"), mart["name"]
        assert config["group"], mart["name"]  # type: ignore[index]
        assert isinstance(columns, dict)
        assert all(column["description"] for column in columns.values()), mart["name"]


# Limits that are the same for every business and day.
CONSTANTS = {
    "books_tolerance_amount",
    "churn_risk_high",
    "churn_risk_medium",
    "dead_stock_days",
    "minimum_cost_coverage",
    "minimum_stock_days",
    "rfm_quantile_minimum_customers",
    "sure_match_confidence",
}


def test_no_setting_of_a_business_is_a_variable_of_dbt(
    manifest: dict[str, dict[str, dict[str, object]]],
) -> None:
    """Settings are tables, so that one parsed project serves every business on every day."""
    declared = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert set(declared["vars"]) == CONSTANTS
    code = [str(node.get("raw_code")) for node in manifest["nodes"].values()]
    code += [
        str(macro["macro_sql"])
        for macro in manifest["macros"].values()
        if macro["package_name"] == "hub"
    ]
    read = {name for text in code for name in re.findall(r"\bvar\(\s*['\"](\w+)", text)}
    assert read == CONSTANTS
    overridden = {
        name
        for test in manifest["unit_tests"].values()
        for name in ((test["overrides"] or {}).get("vars") or {})  # type: ignore[attr-defined]
    }
    assert overridden <= CONSTANTS


# Where it is decided what counts: documents, payments and the lines of the ledger.
COUNTING_IS_DEFINED_IN = {
    "fct_payments",
    "fct_sale_lines",
    "int_quickbooks_documents",
    "int_sale_lines",
    "int_shopify_orders",
}


def _asks_for_a_reason(code: str) -> bool:
    """Whether it says ``exclusion_reason is null``, or ``is not null``, in SQL or in a text that
    Jinja puts there."""
    parts = [(kind, text) for _, kind, text in Environment().lex(code)]
    sql = "".join(text if kind == "data" else " " for kind, text in parts)
    for text in (sql, *(text[1:-1] for kind, text in parts if kind == "string")):
        if "exclusion_reason" not in text:
            continue
        tokens = [token for token in tokenize(text) if token.token_type != TokenType.NOT]
        for column, test, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
            asks = (test.token_type, value.token_type) == (TokenType.IS, TokenType.NULL)
            if asks and column.text == "exclusion_reason":
                return True
    return False


def test_what_counts_is_decided_once(manifest: dict[str, dict[str, dict[str, object]]]) -> None:
    """A condition that is copied is forgotten one day, and doubles the sales."""
    assert _asks_for_a_reason("select a from b where b.exclusion_reason IS  NOT null")
    assert _asks_for_a_reason("where {{ among('exclusion_reason is null') }}")
    code = [(str(node["name"]), str(node["raw_code"])) for node in manifest["nodes"].values()]
    code += [
        (str(node["name"]), json.dumps(node["test_metadata"]["kwargs"]))  # type: ignore[index]
        for node in manifest["nodes"].values()
        if node.get("test_metadata")
    ]
    code += [
        (str(macro["name"]), str(macro["macro_sql"]))
        for macro in manifest["macros"].values()
        if macro["package_name"] == "hub"
    ]
    code += [
        (str(model["name"]), str(measure["expr"]))
        for model in manifest["semantic_models"].values()
        for measure in model["measures"]  # type: ignore[attr-defined]
    ]
    assert {name for name, text in code if _asks_for_a_reason(text)} == COUNTING_IS_DEFINED_IN
    for room in ("orchestration", "superset/hub_bi"):
        for file in (PROJECT_ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and "exclusion_reason" in str(node.value):
                    assert not _asks_for_a_reason(str(node.value)), file.name


PORTABILITY_BANS = (
    "distinct on",
    "generate_series",
    "->>",
    " ~ ",
    "to_char(",
    "at time zone",
    "extract(epoch",
    "unnest(",
    "::",
)


# When the hub did something; when something happened in the business is another matter.
BOOKKEEPING_TIME = r"_?(?:loaded|superseded|changed|known|linked|left|finished|created|built)_at"
CONVERTED_TIME = rf"\b{BOOKKEEPING_TIME}\b(?:\s+as\s+[^)]+\))?"
TIMES_COMPARED = re.compile(
    rf"{CONVERTED_TIME}\s*(?:[<>]|between\b)|[<>]=?\s*(?:cast\()?(?:\w+\.)?{CONVERTED_TIME}"
)


def test_no_model_goes_by_a_clock_to_find_what_is_new(
    manifest: dict[str, dict[str, dict[str, object]]],
) -> None:
    """Loads are numbered, for clocks are put back (see macros/incremental.sql)."""
    code = {
        name: str(node.get("raw_code") or node.get("macro_sql"))
        for part in ("nodes", "macros")
        for name, node in manifest[part].items()
        if node["package_name"] == "hub"
    }
    assert len(code) > 500
    compared = {name for name, text in code.items() if TIMES_COMPARED.search(text)}
    assert compared == set()
    remembering = {
        name
        for name, text in code.items()
        if "is_incremental()" in text or name == "macro.hub.changed_sale_orders"
    }
    incremental = {
        name
        for name, node in manifest["nodes"].items()
        if node["config"]["materialized"] == "incremental"  # type: ignore[index]
    }
    # What is forecast is told once, and looks back at nothing.
    assert incremental - remembering == {"model.hub.fct_forecast_log"}
    assert len(incremental) == 18
    assert {
        name for name in remembering if re.search(r"current_timestamp|now\(\)", code[name])
    } == set()


def test_tasks_read_features_and_every_feature_is_read(
    manifest: dict[str, dict[str, dict[str, object]]],
) -> None:
    features = {
        str(node["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == FEATURES
    }
    assert {feature for task in TASKS for feature in task.features} == features


def test_models_keep_to_portable_sql() -> None:
    found = [
        (file.name, ban)
        for file in (PROJECT_ROOT / "dbt_project" / "models").rglob("*.sql")
        for ban in PORTABILITY_BANS
        if ban in _without_jinja(file.read_text(encoding="utf-8")).lower()
    ]
    assert found == []


def _without_jinja(text: str) -> str:
    for opening, closing in (("{{", "}}"), ("{%", "%}")):
        while opening in text:
            before, _, rest = text.partition(opening)
            text = before + rest.partition(closing)[2]
    return text
