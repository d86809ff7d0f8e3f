"""Writes docs/metrics.md: every published metric, as the semantic models define it."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from orchestration.dbt import manifest_path
from warehouse.home import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "metrics.md"
HEAD = """# Metrics

Each metric is defined once, in the semantic models of dbt (`dbt_project/models/marts`). Superset
shows it under its label, MetricFlow answers it by its name:
`hub metrics -- query --metrics net_sales --group-by metric_time__month`. `make docs` writes this
page.
"""


def main() -> int:
    """Write the page, or with ``--check`` say whether it is up to date."""
    manifest = json.loads(manifest_path().read_text(encoding="utf-8"))
    page = HEAD + "\n".join(_sections(manifest))
    if "--check" in sys.argv:
        is_current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page
        print("docs/metrics.md is up to date." if is_current else "Run: make docs")
        return 0 if is_current else 1
    PAGE.write_text(page, encoding="utf-8")
    print("docs/metrics.md is up to date.")
    return 0


def _sections(manifest: dict[str, Any]) -> Iterator[str]:
    """A table per mart, in the order of their names."""
    measures = {
        measure["name"]: (measure, model)
        for model in manifest["semantic_models"].values()
        for measure in model["measures"]
    }
    rows: dict[str, list[str]] = defaultdict(list)
    models: dict[str, dict[str, Any]] = {}
    for metric in sorted(manifest["metrics"].values(), key=lambda each: str(each["name"])):
        names = _measures_of(metric, manifest)
        model = measures[names[0]][1]
        mart = model["node_relation"]["alias"]
        models[mart] = model
        description = " ".join(str(metric["description"] or "").split())
        rows[mart].append(
            f"| {metric['label']} | `{metric['name']}` | {description} | "
            f"`{_formula(metric, manifest, measures)}` |"
        )
    for mart in sorted(rows):
        dimensions = ", ".join(f"`{one['name']}`" for one in models[mart]["dimensions"])
        yield f"\n## {mart}\n"
        yield f"By {dimensions}.\n"
        yield "| metric | name | meaning | definition |\n|---|---|---|---|"
        yield from rows[mart]
    yield ""


def _measures_of(metric: dict[str, Any], manifest: dict[str, Any]) -> list[str]:
    """Names of the measures below a metric, numerator first."""
    if metric["type"] == "ratio":
        parts = (metric["type_params"]["numerator"], metric["type_params"]["denominator"])
        found = [_metric(part["name"], manifest) for part in parts]
        return [name for part in found for name in _measures_of(part, manifest)]
    return [metric["type_params"]["measure"]["name"]]


def _metric(name: str, manifest: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in manifest["metrics"].values() if one["name"] == name)


def _formula(
    metric: dict[str, Any], manifest: dict[str, Any], measures: dict[str, tuple[Any, Any]]
) -> str:
    if metric["type"] == "ratio":
        parts = metric["type_params"]
        above, below = (
            _formula(_metric(parts[side]["name"], manifest), manifest, measures)
            for side in ("numerator", "denominator")
        )
        return f"{above} / {below}"
    measure = measures[metric["type_params"]["measure"]["name"]][0]
    expression = " ".join(str(measure["expr"] or measure["name"]).split())
    return f"{measure['agg']}({expression})"


if __name__ == "__main__":
    sys.exit(main())
