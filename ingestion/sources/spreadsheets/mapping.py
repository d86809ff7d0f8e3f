"""The mapping: which column of a file plays which role, as saved in ``mapping.toml``.

Reading, checking and writing mappings; no file of values is opened here.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingestion.sources.spreadsheets.files import Layout
from ingestion.sources.spreadsheets.kinds import Kind
from warehouse.errors import HubError

SECTIONS = {"kind", "columns", "format", "options", "files", "joins"}
COLUMN_KEYS = {"column", "value", "template", "per", "date_order", "decimal_mark"}
FORMAT_KEYS = {"encoding", "delimiter", "header", "header_row", "header_rows", "sheet",
               "date_order", "decimal_mark", "time_zone"}  # fmt: skip
OPTION_KEYS = {"keep", "cancelled_prefix", "return_statuses", "cancelled_statuses",
               "test_statuses", "draft_statuses", "tax_included", "line_amount_is",
               "discount_is", "cost_is", "same_name", "duplicates",
               "quarantine_limit_rate"}  # fmt: skip


@dataclass(frozen=True)
class ColumnRule:
    """Where a role's value comes from: a column, a fixed value, or a composition."""

    column: str | None = None
    value: str | None = None
    template: str | None = None
    is_per_order: bool = False
    date_order: str | None = None
    decimal_mark: str | None = None


@dataclass(frozen=True)
class Join:
    """``left`` and ``right`` as "alias.column"; rows of left without a partner are quarantined."""

    left: str
    right: str


@dataclass(frozen=True)
class Mapping:
    """All that is declared about the files of one kind."""

    kind: Kind
    columns: dict[str, ColumnRule]
    layout: Layout = field(default_factory=Layout)
    formats: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    is_template: bool = False

    @property
    def fingerprint(self) -> str:
        """Changes whenever the mapping would read a file differently."""
        parts = [self.columns, self.layout, sorted(self.formats.items()), self.files, self.joins,
                 json.dumps(self.options, sort_keys=True, default=str)]  # fmt: skip
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def version(self) -> str:
        """Changes whenever equal values would be stored differently."""
        said = json.dumps([self.options, self.formats], sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()[:8]

    def option(self, name: str, default: Any) -> Any:
        """One option, or what holds without it."""
        return self.options.get(name, default)


def template_mapping(kind: Kind) -> Mapping:
    """The mapping that holds without a mapping.toml: the template's own column names."""
    columns = {role.name: ColumnRule(column=role.name) for role in kind.roles}
    return Mapping(kind, columns, is_template=True)


def load_mapping(folder: Path, kind: Kind) -> Mapping:
    """The mapping saved in an inbox folder, or the template's.

    Raises:
        HubError: it is not TOML, or says something that no kind or option knows.
    """
    path = folder / "mapping.toml"
    if not path.is_file():
        return template_mapping(kind)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HubError(f"{_place(path)} cannot be read: {error}.", fix="Mend that line.") from None
    return parse_mapping(document, kind, _place(path))


def parse_mapping(document: dict[str, Any], kind: Kind, place: str) -> Mapping:
    """Check a mapping's content and bring it into its types."""
    _known(place, "", document, SECTIONS)
    declared = document.get("kind", kind.name)
    if declared != kind.name:
        raise HubError(
            f"{place} is for {declared}, but lies in the folder of {kind.name}.",
            fix="Move it, or correct its line kind = ...",
        )
    _known(place, "[columns] ", document.get("columns", {}), {role.name for role in kind.roles})
    _known(place, "[format] ", document.get("format", {}), FORMAT_KEYS)
    _known(place, "[options] ", document.get("options", {}), OPTION_KEYS)
    columns = {name: _rule(place, name, rule) for name, rule in document.get("columns", {}).items()}
    form = document.get("format", {})
    layout = Layout(**{key: form[key] for key in Layout.__dataclass_fields__ if key in form})
    joins = tuple(Join(join["left"], join["right"]) for join in document.get("joins", []))
    files = {alias: part["pattern"] for alias, part in document.get("files", {}).items()}
    mapping = Mapping(kind, columns, layout, {k: str(v) for k, v in form.items()},
                      document.get("options", {}), files, joins)  # fmt: skip
    _complete(place, mapping)
    return mapping


def _rule(place: str, role: str, rule: object) -> ColumnRule:
    if isinstance(rule, str):
        return ColumnRule(column=rule)
    if not isinstance(rule, dict):
        raise HubError(
            f"{place}: {role} is neither a column's name nor a table.",
            fix=f'Write {role} = "Column" or {role} = {{ value = "..." }}.',
        )
    _known(place, f"[columns] {role}: ", rule, COLUMN_KEYS)
    return ColumnRule(
        rule.get("column"), None if rule.get("value") is None else str(rule["value"]),
        rule.get("template"), rule.get("per") == "order", rule.get("date_order"),
        rule.get("decimal_mark"),
    )  # fmt: skip


def _known(place: str, where: str, given: dict[str, Any], allowed: set[str]) -> None:
    for name in given:
        if name not in allowed:
            raise HubError(
                f"{place}: {where}knows no {name!r}.",
                fix=f"It may say: {', '.join(sorted(allowed))}.",
            )


def _complete(place: str, mapping: Mapping) -> None:
    missing = [role.name for role in mapping.kind.roles
               if role.is_indispensable and role.name not in mapping.columns]  # fmt: skip
    missing += [" or ".join(names) for names in mapping.kind.one_of
                if not any(name in mapping.columns for name in names)]  # fmt: skip
    if missing:
        raise HubError(
            f"{place} maps no column to {', '.join(missing)}.",
            fix=f'Add a line like {missing[0].split(" or ")[0]} = "Column" under [columns].',
        )


def _place(path: Path) -> str:
    return "/".join(path.parts[-3:])
