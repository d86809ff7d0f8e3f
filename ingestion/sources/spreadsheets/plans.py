"""The plan of a file: SQL expressions that turn its text columns into a kind's columns.

Formats are decided here, from the columns' own values; rows are moved elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, cast

import duckdb

from ingestion.sources.spreadsheets import dates, numbers
from ingestion.sources.spreadsheets.files import Table
from ingestion.sources.spreadsheets.kinds import NUMBER_TYPES, Role
from ingestion.sources.spreadsheets.mapping import ColumnRule, Mapping
from warehouse.business import Business
from warehouse.errors import HubError
from warehouse.vault import PersonalKind

FIRST_BLOCK = 5_000
TRUE_WORDS = "'true','yes','y','1','ja','oui','si','sí','x','t','on','wahr','vrai'"
FALSE_WORDS = "'false','no','n','0','nein','non','f','off','falsch','faux',''"
CONTACT: Literal["contact"] = "contact"
EMAIL = r"[^@\s]+@[^@\s]+\.\w{2,}"
PHONE = r"\+\d[\d ()./-]{7,}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"
PERSONAL = "holds e-mails or phones"
DAYS = {"monday": "montag|lundi|lunes|lunedì|mon", "tuesday": "dienstag|mardi|martes|martedì|tue",
        "wednesday": "mittwoch|mercredi|miércoles|mercoledì|wed",
        "thursday": "donnerstag|jeudi|jueves|giovedì|thu",
        "friday": "freitag|vendredi|viernes|venerdì|fri",
        "saturday": "samstag|samedi|sábado|sabato|sat",
        "sunday": "sonntag|dimanche|domingo|domenica|sun"}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One way in which a row can be bad: ``condition`` over values, told as ``reason``."""

    role: str
    column: str | None
    condition: str
    reason: str


@dataclass
class Plan:
    """``values``: role -> expression over the file's columns; ``outputs``: column -> expression
    over those values; ``constants``: the same for every row; ``tokens``: personal columns."""

    values: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    tokens: dict[str, PersonalKind | Literal["contact"]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    sale_date: str = ""
    order_is_row: bool = False
    has_times: bool = True
    notes: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    plain_numbers: set[str] = field(default_factory=set)
    version: str = ""

    def token_sql(self, role: str) -> str:
        """What is stored for a personal role; of a contact, only an e-mail or phone is a token."""
        if self.tokens[role] == CONTACT:
            return f"coalesce(t_{role}.token, v_{role})"
        return f"t_{role}.token"


class Planner:
    """Builds the plan of one table under one mapping."""

    def __init__(self, database: duckdb.DuckDBPyConnection, table: Table, mapping: Mapping,
                 business: Business, name: str, *, is_thorough: bool = False) -> None:  # fmt: skip
        self.database, self.table, self.mapping = database, table, mapping
        self.business, self.name = business, name
        self.is_thorough, self.has_first = is_thorough, False
        self.plan = Plan()
        self.zone = mapping.formats.get("time_zone", business.time_zone)
        self.date_formats: dict[str, dates.DateFormat] = {}

    def build(self) -> Plan:
        """Decide every format and write every expression.

        Raises:
            HubError: a mapped column is missing or appears twice, or a format is ambiguous.
        """
        for name, rule in self.mapping.columns.items():
            role = self.mapping.kind.role_by_name[name]
            if rule.value is not None:
                self._fixed(role, rule.value)
            else:
                self._mapped(role, rule)
        for names in self.mapping.kind.one_of:
            if not any(n in self.plan.values or n in self.plan.constants for n in names):
                self._missing(names[0], " or ".join(names))
        self._report_unmapped()
        self._key()
        if self.mapping.kind.name == "sales":
            from ingestion.sources.spreadsheets.sales import complete_sales

            complete_sales(self)
        else:
            self._defaults()
        return self.plan

    # --- columns ------------------------------------------------------------------------

    def _mapped(self, role: Role, rule: ColumnRule) -> None:
        text = self._template(rule.template) if rule.template else self._column(role, rule)
        if text is None:
            return
        self.plan.sources[role.name] = text
        value = self._typed(role, text, rule)
        self.plan.values[role.name] = value
        raw = f"r_{role.name}"
        reason = {"id": "shortened by a spreadsheet program (1.23E+12)"}.get(
            role.type, f"is no {role.type}"
        )
        condition = f"(v_{role.name} is null and trim({raw}) <> '')"
        if role.type == "id" and not self.is_thorough:
            condition = f"(contains({raw}, 'E+') or contains({raw}, '.0'))"
        if role.type in ("id", *NUMBER_TYPES, "date", "time", "timestamp", "flag"):
            self.plan.checks.append(Check(role.name, text, condition, reason))
        is_the_time = role.name == "sold_at" or (
            role.name == "sale_date" and "sold_at" not in self.plan.values
        )
        if role.is_required or is_the_time:
            self.plan.checks.append(
                Check(
                    role.name,
                    text,
                    f"(v_{role.name} is null and coalesce(trim({raw}), '') = '')",
                    "is empty",
                )
            )
        if role.is_stored:
            self._output(role, text)

    def _output(self, role: Role, text: str) -> None:
        if role.is_personal:
            self.plan.tokens[role.name] = cast("PersonalKind", role.type)
            self.plan.outputs[role.column] = self.plan.token_sql(role.name)
        elif role.name == "customer_id" and (count := self._contacts(text)):
            self.plan.tokens[role.name] = CONTACT
            self.plan.outputs[role.column] = self.plan.token_sql(role.name)
            self.plan.notes.append(
                f"{count:,} values of customer_id are e-mails or phones; they are kept as tokens."
            )
        else:
            self.plan.outputs[role.column] = f"v_{role.name}"

    def _contacts(self, text: str) -> int:
        """How many distinct values of a column are e-mails or phones."""
        row = self.database.execute(
            f"select count(distinct {text}) from {self.scan()} "
            f"where ({contact_sql(f'trim({text})')}) is not null"
        ).fetchall()[0]
        return int(row[0])

    def _column(self, role: Role, rule: ColumnRule) -> str | None:
        header = rule.column or role.name
        if not self.mapping.is_template:
            return self.find(header, role.name)
        found = self.table.column(header)
        if found is None and role.is_required:
            self._missing(header, role.name)
        return found

    def find(self, header: str, role: str) -> str:
        """The column of a header, which must be there exactly once."""
        if [name.strip() for name in self.table.headers].count(header) > 1:
            positions = [i + 1 for i, name in enumerate(self.table.headers) if name == header]
            raise HubError(
                f"{self.name} has the column {header!r} twice (positions "
                f"{' and '.join(map(str, positions))}).",
                fix=f'Say which one in the mapping: {role} = "#{positions[0]}".',
            )
        found = self.table.column(header)
        if found is None:
            self._missing(header, role)
        return str(found)

    def _missing(self, header: str, role: str) -> None:
        there = ", ".join(repr(name) for name in self.table.headers if name)
        fix = "Name the file's column in mapping.toml, or propose a mapping with: hub map FILE"
        raise HubError(
            f"{self.name} has no column {header!r}, which is mapped to {role}; it has {there}.",
            fix=fix if not self.mapping.is_template else f"Rename it, or: hub map {self.name}",
        )

    def _template(self, template: str) -> str:
        parts = []
        for piece in re.split(r"(\{[^}]*\})", template):
            if piece.startswith("{"):
                parts.append(f"coalesce(trim({self.find(piece[1:-1], template)}), '')")
            elif piece:
                parts.append("'" + piece.replace("'", "''") + "'")
        return f"concat({', '.join(parts)})"

    def scan(self) -> str:
        """The relation in a from clause."""
        return f"{self.table.unnumbered} as source"

    def _first(self) -> str:
        """The first rows, kept: a format is first looked for in them."""
        if self.table.is_stored:
            return f"(from {self.table.relation} limit {FIRST_BLOCK}) as source"
        if not self.has_first:
            self.database.execute(
                f"create or replace table first_rows as from {self.table.scan} limit {FIRST_BLOCK}"
            )
            self.has_first = True
        return "first_rows as source"

    # --- types --------------------------------------------------------------------------

    def _typed(self, role: Role, text: str, rule: ColumnRule) -> str:
        if role.type in NUMBER_TYPES:
            return self._number(role, text, rule)
        if role.type in ("timestamp", "date"):
            fmt = self._date_format(role, text, rule)
            local = dates.local_sql(text, fmt, self.zone)
            self.date_formats[role.name] = fmt
            if role.name == "sold_at":
                return local
            return (
                f"cast({local} as date)"
                if role.type == "date"
                else dates.instant_sql(text, fmt, self.zone)
            )
        if role.type == "time":
            return self._time(text)
        if role.type == "flag":
            word = f"lower(trim({text}))"
            return (f"(case when {word} in ({TRUE_WORDS}) then true "
                    f"when {word} in ({FALSE_WORDS}) then false end)")  # fmt: skip
        if role.type == "id" and self.is_thorough:
            return id_sql(text)
        if role.type == "id":
            self.plan.plain_numbers.add(role.name)
        if role.name == "day_of_week":
            cases = " ".join(f"when regexp_matches(lower({text}), '^\\s*({day}|{others})') "
                             f"then '{day}'" for day, others in DAYS.items())  # fmt: skip
            return f"(case {cases} end)"
        # Ids too, at first: only when a value looks like 17850.0 or 1.23E+12 is the file judged
        # again with the slower reading (id_sql).
        return f"nullif({trim_sql(text)}, '')"

    def _number(self, role: Role, text: str, rule: ColumnRule) -> str:
        index = int(text[1:]) if re.fullmatch(r"c\d+", text) else -1
        if index in self.table.native_numbers:
            return f"try_cast({text} as decimal(18,6))"
        declared = rule.decimal_mark or self.mapping.formats.get("decimal_mark")
        shape = numbers.shape_sql(f"trim({text})")
        for relation in (self.scan(),) if self.is_thorough else (self._first(), self.scan()):
            rows = self.database.execute(
                f"select distinct {shape} as v from (select {text} from {relation}) "
                f"where {text} is not null limit 5000"
            ).fetchall()
            try:
                fmt = numbers.decide_number_format([row[0] for row in rows], declared)
            except numbers.AmbiguousFormatError as error:
                self._refuse(role, str(error), 'decimal_mark = "." (or ",")')
            if fmt is not None:
                self.plan.plain_numbers |= {role.name} if fmt.is_plain else set()
                return numbers.number_sql(text, fmt)
        self._refuse(role, "1,234 may be 1234 or 1.234", 'decimal_mark = "." (or ",")')
        raise AssertionError

    def _date_format(self, role: Role, text: str, rule: ColumnRule) -> dates.DateFormat:
        declared = rule.date_order or self.mapping.formats.get("date_order")
        for relation in (self._first(), self.scan()):
            query = dates.evidence_sql(text, f"(select {text} from {relation})")
            rows = self.database.execute(query).fetchall()
            evidence = dates.DateEvidence(
                tuple(row[0] for row in rows), max((row[1] or 0 for row in rows), default=0),
                max((row[2] or 0 for row in rows), default=0),
            )  # fmt: skip
            try:
                order = dates.decide_order(evidence, declared)  # type: ignore[arg-type]
            except dates.AmbiguousDateError as error:
                self._refuse(role, str(error), 'date_order = "dmy" (or "mdy")')
            if not dates.needs_order(evidence) or order:
                return dates.date_format(evidence, order)
        self._refuse(
            role, "no day is above 12, so day and month cannot be told apart",
            'date_order = "dmy" (or "mdy")',
        )  # fmt: skip
        raise AssertionError

    def _refuse(self, role: Role, why: str, line: str) -> None:
        rule = self.mapping.columns[role.name]
        raise HubError(
            f"{self.name}: column {rule.column or rule.template!r} is ambiguous: {why}.",
            fix=f"Add this line to mapping.toml under [format]: {line}",
        )

    def _time(self, text: str) -> str:
        rows = self.database.execute(
            f"select any_value(trim({text})) from {self.table.unnumbered} where trim({text}) <> '' "
            f"group by regexp_replace(trim({text}), '\\d', '9', 'g') limit 40"
        ).fetchall()
        patterns = {dates.time_pattern_of(row[0]) for row in rows} - {None}
        return dates.time_sql(text, tuple(sorted(str(pattern) for pattern in patterns)))

    # --- what every kind has -------------------------------------------------------------

    def _fixed(self, role: Role, value: str) -> None:
        if role.is_personal:
            raise HubError(f"{role.name} cannot be a fixed value.", fix="Map a column to it.")
        if role.type in NUMBER_TYPES:
            self.plan.values[role.name] = f"cast({float(value)!r} as decimal(18,6))"
            self.plan.outputs[role.column] = f"v_{role.name}"
        elif role.type in ("id", "text", "currency"):
            self.plan.constants[role.column] = value
        else:
            raise HubError(f"{role.name} cannot be a fixed value.", fix="Map a column to it.")

    def _defaults(self) -> None:
        columns = self.mapping.kind.columns()
        for name, value in (("currency_code", self.business.currency_code),
                            ("location_name", self.business.default_location_name)):  # fmt: skip
            if name in columns and name not in self.plan.outputs:
                self.plan.constants.setdefault(name, value)

    def _key(self) -> None:
        names = self.mapping.kind.key
        mapped = tuple(name for name in names if name in self.plan.values)
        # A line's number says nothing without its order, nor an order's without its line.
        is_whole = mapped == names or "line_id" not in names
        self.plan.key = mapped if is_whole else ()

    def _report_unmapped(self) -> None:
        used = set(re.findall(r"\bc\d+\b", " ".join(self.plan.sources.values())))
        keep = self.mapping.option("keep", [])
        for header in keep:
            column = self.plan.kept[header] = self.find(header, "keep")
            text = f"k_{column}"
            condition = f"({contact_sql(trim_sql(text))}) is not null"
            self.plan.checks.append(Check(header, column, condition, PERSONAL))
        used |= set(self.plan.kept.values())
        left = [name for index, name in enumerate(self.table.headers)
                if f"c{index}" not in used and name]  # fmt: skip
        if left:
            self.plan.notes.append(f"Columns not loaded: {', '.join(map(repr, left))}.")


def trim_sql(text: str) -> str:
    """``trim``, spared (it costs more than reading the cell) where there is no blank to trim: none
    in the text, nor any character beyond ASCII, which might be a blank of another width."""
    return (
        f"(case when contains({text}, ' ') or strlen({text}) <> length({text}) "
        f"then trim({text}) else {text} end)"
    )


def contact_sql(text: str) -> str:
    """'email' or 'phone' where a text holds an e-mail or is a phone number; else null."""
    return (
        f"case when contains({text}, '@') then case when regexp_matches({text}, '{EMAIL}') "
        f"then 'email' end when length({text}) between 9 and 25 and "
        f"regexp_full_match({text}, '{PHONE}') then 'phone' end"
    )


def id_sql(text: str) -> str:
    """Ids stay text; 17850.0 becomes 17850; 1.23E+12 only when no digit was lost."""
    trimmed = f"trim({text})"
    rebuilt = f"cast(try_cast(replace({trimmed}, ',', '.') as decimal(30,0)) as varchar)"
    return (
        f"(case when contains({text}, '.0') and regexp_full_match({trimmed}, '\\d+\\.0') "
        f"then left({trimmed}, length({trimmed}) - 2) "
        f"when contains({text}, 'E+') and regexp_full_match({trimmed}, '\\d([.,]\\d+)?E\\+\\d+')"
        f" then case when length(regexp_extract({trimmed}, '[.,](\\d+)E', 1)) >= "
        f"try_cast(regexp_extract({trimmed}, 'E\\+(\\d+)', 1) as int) then {rebuilt} end "
        f"else nullif({trimmed}, '') end)"
    )
