"""Propose a mapping for a file: by the names of its columns and by what their values look like.

The engine behind ``hub map FILE``; it writes nothing but the mapping the owner agrees to.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.sources.spreadsheets import dates, numbers
from ingestion.sources.spreadsheets.files import (
    Layout,
    Table,
    fingerprint,
    normalise,
    open_table,
)
from ingestion.sources.spreadsheets.kinds import KINDS, NUMBER_TYPES, Kind, Role
from ingestion.sources.spreadsheets.staging import mask, open_database
from warehouse.errors import HubError

SAMPLE_ROWS = 5_000
PERSONAL_HEADER = re.compile(r"(?i)name|mail|phone|tel\b|address|street|birth|kunde|contact|note")


@dataclass(frozen=True)
class ColumnProposal:
    """One role, the column proposed for it, why, and how sure (0 to 1)."""

    role: str
    column: str
    evidence: str
    confidence: float


@dataclass
class MappingProposal:
    """All that was found out about a file."""

    file_name: str
    kind: str
    columns: list[ColumnProposal]
    formats: dict[str, str] = field(default_factory=dict)
    keep: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    sample_rows: list[dict[str, str]] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether it can be saved and used as it is."""
        return not self.problems

    def to_toml(self) -> str:
        """The proposal as the text of a mapping.toml."""
        lines = [f'kind = "{self.kind}"', "", "[columns]"]
        lines += [f"{item.role} = {_text(item.column)}" for item in self.columns]
        if self.formats:
            lines += ["", "[format]"]
            lines += [f"{name} = {_text(value)}" for name, value in self.formats.items()]
        if self.keep:
            lines += ["", "[options]", f"keep = [{', '.join(map(_text, self.keep))}]"]
        return "\n".join(lines) + "\n"

    def save(self, inbox: Path) -> Path:
        """Write it to the kind's folder of an inbox; an existing mapping is not overwritten.

        Raises:
            HubError: there is a mapping already.
        """
        path = inbox / self.kind / "mapping.toml"
        if path.exists():
            raise HubError(f"{path} exists already.", fix="Edit it, or remove it first.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.to_toml(), encoding="utf-8")
        return path


def propose_mapping(file: Path, kind: str | None = None) -> MappingProposal:
    """Look at a file and propose what each of its columns means.

    Args:
        file: a file of any supported format.
        kind: what it holds; guessed from its columns when None.

    Raises:
        HubError: the file cannot be read, or the kind is unknown.
    """
    if kind is not None and kind not in KINDS:
        raise HubError(f"There is no kind {kind!r}.", fix=f"Choose of: {', '.join(KINDS)}.")
    fingerprint(file)
    with tempfile.TemporaryDirectory(prefix="hub-map-") as scratch:
        database = open_database(Path(scratch))
        try:
            table = open_table(file, Layout(), database, "file", Path(scratch))
            width = len(table.headers)
            cells = ", ".join(f"c{index}" for index in range(width))
            rows = database.execute(
                f"select {cells} from {table.unnumbered} limit {SAMPLE_ROWS}"
            ).fetchall()
        finally:
            database.close()
    looks = {index: _look([row[index] or "" for row in rows]) for index in range(width)}
    guesses = {name: _match(KINDS[name], table, looks) for name in ([kind] if kind else KINDS)}
    best = max(guesses, key=lambda name: _fit(KINDS[name], guesses[name]))
    return _proposal(file, KINDS[best], table, guesses[best], looks, rows)


def _look(values: list[str]) -> str:
    """What a column's values look like: a semantic type, or "empty"."""
    filled = [value.strip() for value in values if value.strip()]
    if not filled:
        return "empty"

    def share(pattern: str) -> float:
        return sum(1 for value in filled if re.fullmatch(pattern, value)) / len(filled)

    if share(r"[^@\s]+@[^@\s]+\.\w+") > 0.8:
        return "email"
    if share(r"\+\d[\d ()./-]{7,}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}") > 0.8:
        return "phone"
    if share(r"\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?") > 0.9:
        return "time"
    parsed = [dates.pattern_of(value, "dmy") for value in filled[:500]]
    if sum(1 for pattern in parsed if pattern) > 0.9 * len(parsed):
        return (
            "timestamp" if any("%H" in (p or "") or "%I" in (p or "") for p in parsed) else "date"
        )
    if share(r"-?\d{1,4}") > 0.9:
        return "quantity"
    if (
        share(rf"[-+(]?\s*{numbers.CURRENCIES}?\s*[\d.,' ]*\d\s*(?:{numbers.CURRENCIES}|%)?[)-]?")
        > 0.9
    ):
        return "amount" if any(re.search(r"[.,]\d", value) for value in filled) else "number"
    return "category" if len(set(filled)) <= max(20, len(filled) // 50) else "text"


_FITS: dict[str, tuple[str, ...]] = {
    "id": ("quantity", "number", "text", "category", "amount", "email"),
    "text": ("text", "category"), "currency": ("category", "text"),
    "amount": ("amount", "quantity", "number"), "quantity": ("quantity", "amount", "number"),
    "timestamp": ("timestamp", "date"), "date": ("date", "timestamp"), "time": ("time",),
    "flag": ("category", "quantity"), "email": ("email",), "phone": ("phone", "number", "text"),
    "name": ("text", "category"), "address": ("text",), "note": ("text", "category"),
}  # fmt: skip


def _match(kind: Kind, table: Table, looks: dict[int, str]) -> dict[str, tuple[int, float, str]]:
    """role -> (column index, confidence, evidence), each column used once, best pairs first."""
    pairs = sorted(
        ((*_score(role, header, looks[index]), role.name, index)
         for role in kind.roles for index, header in enumerate(table.headers)),
        key=lambda pair: -pair[0],
    )  # fmt: skip
    found: dict[str, tuple[int, float, str]] = {}
    used: set[int] = set()
    for score, evidence, role_name, index in pairs:
        if score < 0.5 or role_name in found or index in used:
            continue
        if role_name == "sold_at" and looks[index] == "date" and "time" in looks.values():
            continue
        if role_name == "sale_date" and "sold_at" in found:
            continue
        found[role_name] = (index, score, evidence)
        used.add(index)
    return found


def _score(role: Role, header: str, look: str) -> tuple[float, str]:
    name = normalise(header)
    names = [normalise(role.name), *(normalise(word) for word in role.synonyms)]
    fits = look in _FITS[role.type]
    if role.name == "sale_date" and look == "timestamp":
        return 0.0, ""
    if role.name == "sold_at" and look == "timestamp" and name in ("date", "datum", "fecha"):
        return 0.85, "its values are dates with times"
    if name == names[0]:
        return (1.0 if fits or look == "empty" else 0.6), f"its name is the role's; values: {look}"
    if name in names:
        rank = names.index(name) / 1000
        return (0.9 - rank if fits else 0.4), f"its name is a known synonym; values: {look}"
    if role.type == look and look in ("email", "phone"):
        return 0.8, f"its values look like {look}s"
    if role.name == "sold_at" and look == "timestamp":
        return 0.6, "its values are dates with times"
    if fits and any(len(word) > 3 and re.search(rf"\b{re.escape(word)}\b", name) for word in names):
        return 0.55, f"its name contains a known word; values: {look}"
    return 0.0, ""


def _fit(kind: Kind, found: dict[str, tuple[int, float, str]]) -> float:
    required = [role.name for role in kind.roles if role.is_indispensable]
    missing = sum(1 for name in required if name not in found)
    missing += sum(1 for names in kind.one_of if not any(name in found for name in names))
    return sum(score for _, score, _ in found.values()) - 2.0 * missing


def _proposal(
    file: Path,
    kind: Kind,
    table: Table,
    found: dict[str, tuple[int, float, str]],
    looks: dict[int, str],
    rows: list[tuple[str | None, ...]],
) -> MappingProposal:
    columns = [
        ColumnProposal(role.name, _header(table, found[role.name][0]), found[role.name][2],
                       round(found[role.name][1], 2))
        for role in kind.roles if role.name in found
    ]  # fmt: skip
    proposal = MappingProposal(file.name, kind.name, columns)
    for role in kind.roles:
        if role.is_indispensable and role.name not in found:
            proposal.problems.append(f"No column looks like {role.name}: {role.description}")
    for names in kind.one_of:
        if not any(name in found for name in names):
            proposal.problems.append(f"No column looks like {' or '.join(names)}.")
    _formats(proposal, kind, found, table, rows)
    used = {index for index, _, _ in found.values()}
    for index, header in enumerate(table.headers):
        if index in used or not header or looks[index] == "empty":
            continue
        is_personal = looks[index] in ("email", "phone") or PERSONAL_HEADER.search(header)
        (proposal.ignored if is_personal else proposal.keep).append(header)
    hidden = {found[role.name][0] for role in kind.roles if role.is_personal and role.name in found}
    for row in rows[:3]:
        shown = {}
        for index, header in enumerate(table.headers):
            is_open = index not in hidden and header not in proposal.ignored
            value = row[index] or ""
            shown[header] = value if is_open and "@" not in value else mask(value) or ""
        proposal.sample_rows.append(shown)
    return proposal


def _formats(proposal: MappingProposal, kind: Kind, found: dict[str, tuple[int, float, str]],
             table: Table, rows: list[tuple[str | None, ...]]) -> None:  # fmt: skip
    if table.encoding not in ("utf-8", "utf-8-sig", "workbook"):
        proposal.formats["encoding"] = table.encoding
    if table.encoding != "workbook" and table.delimiter != ",":
        proposal.formats["delimiter"] = table.delimiter
    for name, (index, _, _) in found.items():
        role, header = kind.role_by_name[name], _header(table, index)
        values = [row[index] or "" for row in rows]
        if role.type in ("date", "timestamp"):
            evidence = dates.evidence_of(values)
            try:
                order = dates.decide_order(evidence, None)
                if dates.needs_order(evidence) and order is None:
                    raise dates.AmbiguousDateError("day and month cannot be told apart")
            except dates.AmbiguousDateError as error:
                proposal.problems.append(
                    f'{header!r}: {error}; add date_order = "dmy" (or "mdy") under [format].'
                )
        elif role.type in NUMBER_TYPES and index not in table.native_numbers:
            try:
                if numbers.decide_number_format(values) is None:
                    raise numbers.AmbiguousFormatError("1,234 may be 1234 or 1.234")
            except numbers.AmbiguousFormatError as error:
                proposal.problems.append(
                    f'{header!r}: {error}; add decimal_mark = "." (or ",") under [format].'
                )


def _header(table: Table, index: int) -> str:
    header = table.headers[index]
    return header if header and table.headers.count(header) == 1 else f"#{index + 1}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
