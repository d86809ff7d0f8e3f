"""What a source's documents look like, and how they become typed rows.

A shape mirrors the JSON of one kind of document: scalars become columns, objects columns with the
object's name before theirs, lists tables of their own (``orders__line_items``) whose rows carry the
document's key and their position. Personal values become tokens. What a shape does not know is
kept in ``_unknown_fields``, its texts sealed, and reported; what has another type than it should is
a ContractError, because a guess would be a wrong number later.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import pyarrow as pa  # type: ignore[import-untyped]

from warehouse.errors import HubError
from warehouse.vault import PersonalKind, Vault

Json = dict[str, Any]
Values = list[Any]
EMPTY: Json = {}
MONEY_TYPE = pa.decimal128(38, 9)
INSTANT = pa.timestamp("us", tz="UTC")
MOST_UNSTORED = 20_000
LONGEST_NAME = 63  # of PostgreSQL
UNKNOWN, EMPTIED = "_unknown_fields", "_is_emptied"
LOAD_NUMBER = "_load_number"
NO_MINOR_UNITS = frozenset((
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF", "XPF",
))  # fmt: skip
THREE_MINOR_DIGITS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


class ContractError(HubError):
    """A document lacks what it must have, or has it in another type."""


def contract_error(source: str, request: str, what: str) -> ContractError:
    """The error of an answer that is not as it should be; ``what`` must not quote values."""
    return ContractError(
        f"{source}'s answer to {request} is not as its API says: {what}. Nothing of it was loaded.",
        fix="Run again; what is missing is read then. If it stays so, the API has changed: "
        "update the hub, or report it with this line.",
    )


@dataclass(frozen=True)
class Scalar:
    """The type of one value.

    Attributes:
        kind: how it is read.
        is_always: every document has it.
        personal: what is sealed; the column then ends in ``_token``.
        pattern: for references: what is taken out of a text, the rest is sealed.
    """

    kind: Literal["text", "integer", "decimal", "boolean", "instant", "day", "json", "opaque",
                  "minor_money", "money", "money_bag", "personal", "derived"]  # fmt: skip
    is_always: bool = False
    personal: PersonalKind | None = None
    pattern: re.Pattern[str] | None = None

    @property
    def always(self) -> Scalar:
        """The same, and no document lacks it."""
        return replace(self, is_always=True)


TEXT, INTEGER, DECIMAL, BOOLEAN = Scalar("text"), Scalar("integer"), Scalar("decimal"), Scalar(
    "boolean")  # fmt: skip
INSTANT_TEXT, DAY, JSON = Scalar("instant"), Scalar("day"), Scalar("json")
# Anything that no model needs and that may hold personal data: JSON whose texts are sealed.
OPAQUE = Scalar("opaque")
# What changes without a change of its document, such as a customer's balance: it would be stale,
# and follows from other documents. It gets no column.
DERIVED = Scalar("derived")
# Square's: whole minor units beside their currency; the column holds units of the currency.
MINOR_MONEY = Scalar("minor_money")
# Shopify's: an amount beside its currency; and the same amount in the currency of the shop and
# in the one that the customer was shown.
MONEY, MONEY_BAG = Scalar("money"), Scalar("money_bag")
EMAIL, PHONE, NAME, ADDRESS, NOTE = (
    Scalar("personal", personal=kind) for kind in ("email", "phone", "name", "address", "note")
)
ARROW_TYPES = {
    "text": pa.string(), "integer": pa.int64(), "decimal": MONEY_TYPE, "boolean": pa.bool_(),
    "instant": INSTANT, "day": pa.date32(), "json": pa.string(), "opaque": pa.string(),
    "minor_money": MONEY_TYPE, "money": MONEY_TYPE, "money_bag": MONEY_TYPE,
    "personal": pa.string(),
}  # fmt: skip


class Connection(list[Any]):
    """A list that Shopify gives page by page: ``Connection([shape])``."""


Shape = Mapping[str, Any]  # name -> Scalar | Shape | [Scalar] | [Shape] | Connection


def reference(pattern: str) -> Scalar:
    """A free text of which only a reference in it is kept in clear; the whole text is sealed."""
    return Scalar("personal", personal="note", pattern=re.compile(pattern))


def snake(name: str) -> str:
    """``totalPriceSet`` as ``total_price_set``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@dataclass(frozen=True)
class Level:
    """The columns and lists of one table, in the order of its shape.

    ``columns``: (path in the document, column, its type); ``lists``: (path, table of its elements).
    """

    table: str
    shape: Shape
    keys: tuple[tuple[str, pa.DataType], ...]
    columns: tuple[tuple[tuple[str, ...], str, Scalar], ...]
    lists: tuple[tuple[tuple[str, ...], Level], ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema of the table."""
        fields = [pa.field(name, kind) for name, kind in self.keys]
        for _, column, kind in self.columns:
            fields += _fields(column, kind)
        own = pa.field(EMPTIED, pa.bool_()) if self.keys else pa.field("_deleted_at", INSTANT)
        loaded = [pa.field("_loaded_at", INSTANT), pa.field(LOAD_NUMBER, pa.int64())]
        return pa.schema([*fields, pa.field(UNKNOWN, pa.string()), own, *loaded])


@dataclass(frozen=True)
class DocumentTable:
    """A kind of documents and the raw tables that hold it.

    Args:
        name: the raw table.
        shape: of one document.
        key: the field of its identity.
        parent_key: that field's name in the tables of its lists, such as ``order_id``.
    """

    name: str
    shape: Shape
    key: str = "id"
    parent_key: str = ""

    @cached_property
    def level(self) -> Level:
        """The table with all tables below it."""
        parent = (self.parent_key or f"{self.name.removesuffix('s')}_id", pa.string())
        return _level(self.name, self.shape, (), (parent,))

    @property
    def key_column(self) -> str:
        """The key's column in the raw table."""
        return snake(self.key)

    @cached_property
    def schemas(self) -> Mapping[str, pa.Schema]:
        """Arrow schema by raw table: the documents' own first, then those of its lists."""
        found = {level.table: level.schema for level in _levels(self.level)}
        for name, schema in found.items():
            if too_long := [one for one in (name, *schema.names) if len(one) > LONGEST_NAME]:
                raise ValueError(f"too long for PostgreSQL: {too_long}")
            if len(set(schema.names)) < len(schema.names):
                raise ValueError(f"{name} has two columns of one name")
        return found


def _level(
    table: str, shape: Shape, keys: tuple[Any, ...], parents: tuple[tuple[str, pa.DataType], ...]
) -> Level:
    columns: list[tuple[tuple[str, ...], str, Scalar]] = []
    lists: list[tuple[tuple[str, ...], Level]] = []

    def walk(part: Shape, path: tuple[str, ...]) -> None:
        for name, kind in part.items():
            here = (*path, name)
            if kind is DERIVED:
                continue
            if isinstance(kind, Scalar):
                column = snake("_".join(here))
                if kind is MONEY_BAG:
                    column = column.removesuffix("_set")
                columns.append((here, column, kind))
            elif isinstance(kind, list):
                child = "__".join((table, *map(snake, here)))
                inner = kind[0] if not isinstance(kind[0], Scalar) else {"value": kind[0]}
                positions = ((snake("_".join(here)) + "_position", pa.int64()),)
                lists.append((here, _level(child, inner, (*parents, *positions),
                                           (*parents, *positions))))  # fmt: skip
            else:
                walk(kind, here)

    walk(shape, ())
    return Level(table, shape, keys, tuple(columns), tuple(lists))


def _levels(level: Level) -> Iterator[Level]:
    yield level
    for _, child in level.lists:
        yield from _levels(child)


def _fields(column: str, kind: Scalar) -> list[pa.Field]:
    """The columns that one value fills."""
    if kind.kind == "personal":
        clear = [pa.field(f"{column}_reference", pa.string())] if kind.pattern else []
        return [*clear, pa.field(f"{column}_token", pa.string())]
    fields = [pa.field(column, ARROW_TYPES[kind.kind])]
    if "money" in kind.kind:
        fields.append(pa.field(f"{column}_currency", pa.string()))
    if kind.kind == "money_bag":
        fields.append(pa.field(f"{column}_presentment", MONEY_TYPE))
        fields.append(pa.field(f"{column}_presentment_currency", pa.string()))
    return fields


@dataclass
class Flattener:
    """Turns pages of documents into Arrow tables; may be used from many threads.

    Args:
        source: the source as its owner calls it, for errors.
        loaded_at: written into every row, for people; nothing goes by it.
        load_number: written into every row, too; the order in which rows came.

    Attributes:
        unknown: how often each field came that no shape knows.
    """

    source: str
    vault: Vault
    loaded_at: datetime
    load_number: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    _clear: dict[PersonalKind, dict[str, str]] = field(default_factory=dict, repr=False)
    _lock: Any = field(default_factory=threading.RLock, repr=False)

    def tables(
        self, kind: DocumentTable, documents: list[Json], request: str, *, marks_emptied: Set[str]
    ) -> dict[str, pa.Table]:
        """Rows by raw table.

        Args:
            request: what the documents came with, for errors.
            marks_emptied: tables of lists in which a row with ``_is_emptied`` is written for each
                document that has none, so that rows of its older version go away.

        Raises:
            ContractError: a document is not as its shape says.
        """
        found: dict[str, pa.Table] = {}
        try:
            keys = [document.get(kind.key) for document in documents]
            if None in keys:
                raise _WrongValueError(f"{kind.name}.{kind.key} is missing")
            self._fill(found, kind.level, documents, [], keys)
        except _WrongValueError as wrong:
            raise contract_error(self.source, request, str(wrong)) from None
        for level in _levels(kind.level):
            if level.table in marks_emptied and level is not kind.level:
                _mark_emptied(found, level, keys)
        return found

    def flush(self) -> None:
        """Store the clear texts of tokens given out so far; to be done before rows are loaded."""
        with self._lock:
            for kind, clear in self._clear.items():
                self.vault.keep(kind, clear)
            self._clear.clear()

    def _fill(self, found: dict[str, pa.Table], level: Level, objects: list[Json],
              keys: list[Values], documents: Values) -> None:  # fmt: skip
        """Rows of one table and of those below it; ``documents``: each object's document."""
        if not objects:
            found |= {each.table: each.schema.empty_table() for each in _levels(level)}
            return
        count = len(objects)
        columns = [pa.array(values, kind) for values, (_, kind)
                   in zip(keys, level.keys, strict=True)]  # fmt: skip
        notes: list[Json | None] = [None] * count
        parts = self._objects(level, objects, notes)
        for path, column, kind in level.columns:
            holders = parts.get(path[:-1])
            where = f"{level.table}.{column}"
            if holders is not None:
                values = [holder.get(path[-1]) for holder in holders]
                columns += self._arrays(kind, values, where)
            elif kind.is_always:
                raise _WrongValueError(f"{where} is missing")
            else:
                columns += [pa.nulls(count, field.type) for field in _fields(column, kind)]
        own = pa.nulls(count, pa.bool_() if level.keys else INSTANT)
        loaded = [pa.repeat(pa.scalar(self.loaded_at, INSTANT), count),
                  pa.repeat(pa.scalar(self.load_number, pa.int64()), count)]  # fmt: skip
        found[level.table] = pa.Table.from_arrays(
            [*columns, self._sealed(notes), own, *loaded], schema=level.schema
        )
        above = keys or [documents]
        for path, child in level.lists:
            self._fill_list(found, child, parts.get(path[:-1]) or [], path[-1], above, documents)

    def _fill_list(self, found: dict[str, pa.Table], child: Level, objects: list[Json], name: str,
                   keys: list[Values], documents: Values) -> None:  # fmt: skip
        elements: list[Json] = []
        rows: list[int] = []
        positions: list[int] = []
        for row, holder in enumerate(objects):
            inner = holder.get(name)
            if not inner:
                continue
            if type(inner) is not list:
                raise _WrongValueError(f"{child.table} is {_called(inner)}, not a list")
            elements += inner
            rows += [row] * len(inner)
            positions += range(len(inner))
        if list(child.shape) == ["value"] and not all(type(one) is dict for one in elements):
            elements = [{"value": one} for one in elements]
        inner_keys = [*([values[row] for row in rows] for values in keys), positions]
        self._fill(found, child, elements, inner_keys, [documents[row] for row in rows])

    def _objects(
        self, level: Level, objects: list[Json], notes: list[Json | None]
    ) -> dict[tuple[str, ...], list[Json]]:
        """The objects at each path of a level, where there are any; what the shape lacks goes into
        ``notes``."""
        parts: dict[tuple[str, ...], list[Json]] = {}

        def walk(part: Shape, path: tuple[str, ...], here: list[Json]) -> None:
            parts[path] = here
            known = part.keys()
            for row, each in enumerate(here):
                if type(each) is not dict:
                    where = ".".join((level.table, *path))
                    raise _WrongValueError(f"{where} is {_called(each)}, not an object")
                if not each.keys() <= known:
                    self._note(level, path, each, known, row, notes)
            for name, kind in part.items():
                if not isinstance(kind, (Scalar, list)):
                    inner = [each.get(name) for each in here]
                    if any(one is not None for one in inner):
                        filled = [EMPTY if one is None else one for one in inner]
                        walk(kind, (*path, name), filled)

        walk(level.shape, (), objects)
        return parts

    def _note(self, level: Level, path: tuple[str, ...], each: Json, known: Any, row: int,
              notes: list[Json | None]) -> None:  # fmt: skip
        kept = notes[row] = notes[row] or {}
        for name in each.keys() - known:
            if each[name] is not None:
                kept[".".join((*path, name))] = each[name]
                with self._lock:
                    self.unknown[".".join((level.table, *path, name))] += 1

    def _sealed(self, notes: Values) -> pa.Array:
        """Values as JSON, every text in it replaced by its token."""
        if not any(notes):
            return pa.nulls(len(notes), pa.string())
        texts: dict[str, None] = {}
        for note in notes:
            _collect_texts(note, texts)
        tokens = dict(zip(texts, self._tokens("note", list(texts)), strict=True))
        return pa.array([json.dumps(_with_tokens(note, tokens)) if note else None
                         for note in notes], pa.string())  # fmt: skip

    def _arrays(self, kind: Scalar, values: Values, where: str) -> list[pa.Array]:
        if kind.is_always and None in values:
            raise _WrongValueError(f"{where} is missing")
        try:
            if kind.kind == "personal":
                return self._personal(kind, values)
            if kind.kind == "minor_money":
                return _minor_money(values)
            if kind.kind == "money":
                return _money(values)
            if kind.kind == "money_bag":
                shop, shown = ([value and value[side] for value in values]
                               for side in ("shopMoney", "presentmentMoney"))  # fmt: skip
                return [*_money(shop), *_money(shown)]
            if kind.kind == "opaque":
                return [self._sealed(values)]
            return [_array(kind.kind, values)]
        except (pa.ArrowException, TypeError, ValueError, KeyError, AttributeError):
            raise _WrongValueError(f"{where} is {_wrong(kind, values)}") from None

    def _personal(self, kind: Scalar, values: Values) -> list[pa.Array]:
        clear = list(dict.fromkeys(value for value in values if value is not None))
        if not all(type(value) is str for value in clear):
            raise TypeError
        assert kind.personal is not None
        tokens = dict(zip(clear, self._tokens(kind.personal, clear), strict=True))
        sealed = pa.array([tokens.get(value) for value in values], pa.string())
        if kind.pattern is None:
            return [sealed]
        matches = [kind.pattern.search(value) if value else None for value in values]
        return [pa.array([match and match[0] for match in matches], pa.string()), sealed]

    def _tokens(self, kind: PersonalKind, clear: list[str]) -> list[str | None]:
        tokens, clear_by_token = self.vault.tokens(kind, clear)
        with self._lock:
            kept = self._clear.setdefault(kind, {})
            kept |= clear_by_token
            if len(kept) > MOST_UNSTORED:
                self.flush()
        return tokens


def _mark_emptied(found: dict[str, pa.Table], level: Level, keys: Values) -> None:
    """Rows that only say: this document has none of these (any more)."""
    empty = set(keys).difference(found[level.table].column(0).to_pylist())
    if not empty:
        return
    schema = level.schema
    nulls = pa.nulls(len(empty))
    rows = [nulls.cast(type_) for type_ in schema.types]
    rows[0] = pa.array(sorted(empty), pa.string())
    rows[schema.names.index(EMPTIED)] = pa.array([True] * len(empty))
    marked = pa.Table.from_arrays(rows, schema=schema)
    found[level.table] = pa.concat_tables([found[level.table], marked])


class _WrongValueError(Exception):
    """Says where and what; never shows a value."""


def _array(kind: str, values: Values) -> pa.Array:
    if kind == "decimal":
        return pa.array(
            [value if value is None or type(value) is str else _number(value) for value in values],
            pa.string(),
        ).cast(MONEY_TYPE)
    if kind in ("instant", "day"):
        return pa.array(values, pa.string()).cast(ARROW_TYPES[kind])
    if kind == "json":
        return pa.array([None if value is None else json.dumps(value, ensure_ascii=False)
                         for value in values], pa.string())  # fmt: skip
    return pa.array(values, ARROW_TYPES[kind])


def _number(value: Any) -> str:
    """A JSON number as text; repr gives a float's shortest, the digits that were sent."""
    if type(value) not in (int, float):
        raise TypeError
    return repr(value)


def _money(values: Values) -> list[pa.Array]:
    """Shopify's amounts, which are text, and their currencies."""
    amounts = [None if value is None else value["amount"] for value in values]
    currencies = [None if value is None else value["currencyCode"] for value in values]
    return [_array("decimal", amounts), pa.array(currencies, pa.string())]


def _minor_money(values: Values) -> list[pa.Array]:
    """Amounts in units of their currency, exactly, and the currencies, which some of Square's
    answers call ``currency_code``."""
    values = [value and {"amount": value.get("amount", 0), "currency": value["currency_code"]}
              if value and "currency_code" in value else value for value in values]  # fmt: skip
    there = [value for value in values if value is not None]
    if any(len(value) > 2 for value in there):
        raise TypeError
    amounts = pa.array(
        [None if value is None else value.get("amount", 0) for value in values], pa.int64()
    )
    currencies = [None if value is None else value["currency"] for value in values]
    if {_minor_digits(value["currency"]) for value in there} <= {2}:
        return [_scaled(amounts, 2), pa.array(currencies, pa.string())]
    exact = [None if currency is None else f"{amount}e-{_minor_digits(currency)}"
             for amount, currency in zip(amounts.to_pylist(), currencies, strict=True)]  # fmt: skip
    return [pa.array(exact, pa.string()).cast(MONEY_TYPE), pa.array(currencies, pa.string())]


def _minor_digits(currency: str) -> int:
    """Decimal places of a currency (ISO 4217)."""
    return 0 if currency in NO_MINOR_UNITS else 3 if currency in THREE_MINOR_DIGITS else 2


def _scaled(whole: pa.Array, digits: int) -> pa.Array:
    """Whole numbers of minor units as decimals: the same digits, the point moved."""
    units = whole.cast(pa.decimal128(19, 0)).cast(pa.decimal128(38, 0))
    moved = pa.Array.from_buffers(
        pa.decimal128(38, digits), len(units), units.buffers(), units.null_count, units.offset
    )
    return moved.cast(MONEY_TYPE)


_WORDS = {str: "a text", bool: "true or false", int: "a whole number", float: "a number",
          dict: "an object", list: "a list", type(None): "nothing"}  # fmt: skip


def _called(value: Any) -> str:
    return _WORDS.get(type(value), "something else")


def _wrong(kind: Scalar, values: Values) -> str:
    """Which type was found in place of the wanted one; the first value that does not fit tells."""
    due = kind.personal or kind.kind.replace("_", " ")
    plain = "text" if kind.kind == "personal" else kind.kind
    for value in values:
        try:
            if "money" not in plain:
                _array(plain, [value])
            elif not isinstance(value, dict | None):
                raise TypeError
        except (pa.ArrowException, TypeError, ValueError):
            return f"{_called(value)} where {due} is due"
    return f"not all {due}"


def _collect_texts(value: Any, texts: dict[str, None]) -> None:
    if isinstance(value, str):
        texts[value] = None
    elif isinstance(value, dict):
        for inner in value.values():
            _collect_texts(inner, texts)
    elif isinstance(value, list):
        for inner in value:
            _collect_texts(inner, texts)


def _with_tokens(value: Any, tokens: dict[str, str | None]) -> Any:
    if isinstance(value, str):
        return tokens[value]
    if isinstance(value, dict):
        return {name: _with_tokens(inner, tokens) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_tokens(inner, tokens) for inner in value]
    return value


# What a source said it deleted; the documents' rows stay, and are marked.
DELETIONS = DocumentTable("deletions", {
    "key": TEXT.always, "table_name": TEXT.always, "id": TEXT.always,
    "deleted_at": INSTANT_TEXT.always,
}, key="key")  # fmt: skip
