"""dbt's project as items of a plan: what each node reads, and a digest of all that makes it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, nodes

from orchestration.dbt import project_digest, project_manifest, project_variables
from orchestration.planning.items import Item, Kind, digest_of, in_order
from warehouse.home import PROJECT_ROOT

# What of a node's settings decides neither its rows nor who may read them.
_IDLE_SETTINGS = frozenset({"docs", "enabled", "tags", "packages", "access", "freshness"})
_KINDS: dict[str, Kind] = {"seed": "seed", "snapshot": "snapshot", "test": "test"}
_JINJA = Environment(extensions=["jinja2.ext.do"], autoescape=True)


def dbt_items() -> tuple[Item, ...]:
    """What dbt builds and tests, each after what it reads of it."""
    return _dbt_items(project_digest())


@lru_cache(maxsize=1)
def _dbt_items(digest: str) -> tuple[Item, ...]:  # noqa: ARG001 - another project has other items
    return tuple(in_order(project_items(project_manifest(), project_variables())))


def project_items(manifest: Mapping[str, Any], variables: Mapping[str, Any]) -> Iterator[Item]:
    """The models, seeds, snapshots and data tests of dbt's ``manifest.json``, in no order.

    Args:
        manifest: what dbt read of the project.
        variables: of the project, which the manifest does not hold.
    """
    macros = _Macros(manifest, variables)
    for name, node in manifest["nodes"].items():
        if node["resource_type"] in ("model", "seed", "snapshot", "test"):
            yield _item(name, node, manifest, macros)


def _item(name: str, node: Mapping[str, Any], manifest: Mapping[str, Any], macros: _Macros) -> Item:
    materialized = node["config"]["materialized"]
    is_test = node["resource_type"] == "test"
    kind = _KINDS.get(node["resource_type"], "view" if materialized == "view" else "model")
    return Item(
        name=name,
        kind=kind,
        digest=_digest(node, manifest, macros),
        reads=tuple(_read(parent, manifest) for parent in node["depends_on"].get("nodes", ())),
        relation=None if is_test else (node["schema"], node["alias"]),
        is_incremental=materialized == "incremental",
        is_kept=node["config"].get("full_refresh") is False,
    )


def _read(parent: str, manifest: Mapping[str, Any]) -> str:
    source = manifest["sources"].get(parent)
    return f"{source['schema']}.{source['identifier']}" if source else parent


def _table(parent: str, manifest: Mapping[str, Any]) -> object:
    """Where a model, seed or source lies."""
    node = manifest["sources"].get(parent) or manifest["nodes"].get(parent, {})
    return [node.get("schema"), node.get("identifier") or node.get("alias")]


def _checksum(node: Mapping[str, Any]) -> object:
    """Of the node's file; dbt itself takes a seed of more than a megabyte for its path."""
    if node["checksum"].get("name") != "path":
        return node["checksum"]
    file = PROJECT_ROOT / node["original_file_path"]
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _digest(node: Mapping[str, Any], manifest: Mapping[str, Any], macros: _Macros) -> str:
    """Changes with the node's SQL, its settings, its contract, and every macro that it calls and
    every table and variable that it reads."""
    columns = {
        name: [column.get("data_type"), column.get("constraints")]
        for name, column in node["columns"].items()
    }
    settings = {name: value for name, value in node["config"].items() if name not in _IDLE_SETTINGS}
    code = node.get("raw_code") or ""
    called = macros.called(node)
    said = [
        _checksum(node), code, settings, columns, node.get("constraints"),
        node.get("test_metadata"),
        [_table(parent, manifest) for parent in node["depends_on"].get("nodes", ())],
        [macros.code[macro] for macro in called], manifest["metadata"]["dbt_version"],
        macros.variables_in([code, *(macros.code[macro] for macro in called)]),
    ]  # fmt: skip
    if "graph" in macros.names_in(code):
        # It says something of all other nodes.
        said.append({
            name: [other["description"], other["columns"], other["config"]["meta"]]
            for name, other in manifest["nodes"].items()
            if other["resource_type"] == "model"
        })  # fmt: skip
    return digest_of(said)


class _Macros:
    """The project's own macros, and which of them a node calls, directly or through others.

    dbt notes the calls that it meets while it parses, and misses those of incremental builds.
    """

    def __init__(self, manifest: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        self._variables = variables
        project = manifest["metadata"]["project_name"]
        own = {
            name: macro
            for name, macro in manifest["macros"].items()
            if macro["package_name"] == project
        }
        self.code = {name: macro["macro_sql"] for name, macro in own.items()}
        self._by_name = {macro["name"]: name for name, macro in own.items()}
        self._calls = {name: macro["depends_on"]["macros"] for name, macro in own.items()}

    def called(self, node: Mapping[str, Any]) -> list[str]:
        """Their names, sorted."""
        config = node["config"]
        names = set(self.names_in(node.get("raw_code") or ""))
        names.add(f"get_incremental_{config.get('incremental_strategy')}_sql")
        names.add(f"materialization_{config['materialized']}_postgres")
        names |= {"get_where_subquery"} if config.get("where") else set()
        waiting = [self._by_name[name] for name in names if name in self._by_name]
        waiting += [name for name in node["depends_on"]["macros"] if name in self.code]
        found: set[str] = set()
        while waiting:
            macro = waiting.pop()
            if macro not in found:
                found.add(macro)
                waiting += [name for name in self._dependencies(macro) if name not in found]
        return sorted(found)

    def _dependencies(self, macro: str) -> Iterable[str]:
        """Those that dbt found in its code, and for a dispatched name its dialects."""
        name = macro.rsplit(".", 1)[-1]
        dialects = (f"default__{name}", f"postgres__{name}")
        yield from (called for called in self._calls[macro] if called in self.code)
        yield from (self._by_name[dialect] for dialect in dialects if dialect in self._by_name)

    def variables_in(self, templates: Iterable[str]) -> dict[str, Any]:
        """The variables that some templates read, with their values."""
        names = {name for code in templates for name in _variables_in(code)}
        return {name: self._variables.get(name) for name in sorted(names)}

    @staticmethod
    @lru_cache(maxsize=2_000)
    def names_in(code: str) -> frozenset[str]:
        """The names that a template uses."""
        return frozenset(name.name for name in _JINJA.parse(code).find_all(nodes.Name))


@lru_cache(maxsize=2_000)
def _variables_in(code: str) -> frozenset[str]:
    """What a template hands to ``var`` as the name of a variable.

    Read from its tokens, as templates have tags of dbt's own.
    """
    tokens = [value for _, kind, value in _JINJA.lex(code) if kind != "whitespace"]
    calls = zip(tokens, tokens[1:], tokens[2:], strict=False)
    return frozenset(
        name.strip("\"'") for called, bracket, name in calls if (called, bracket) == ("var", "(")
    )
