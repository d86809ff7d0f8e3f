"""The query language: ``SELECT … FROM Entity WHERE … ORDERBY … STARTPOSITION n MAXRESULTS m``.

Conditions are joined by AND only, and compare one field with one value or a list of values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.quickbooks.entities import ENTITIES, Entity, Kind
from sandbox.quickbooks.errors import invalid_query, unparsed

MOST, USUAL = 1_000, 100
# Times without an offset are read as the company's.
COMPANY_ZONE = ZoneInfo("America/Los_Angeles")
TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<word>[A-Za-z_][\w.]*)|(?P<number>-?\d+(?:\.\d+)?)
    |(?P<sign><=|>=|!=|[=<>(),*]))""",
    re.VERBOSE,
)
OTHER_ENTITIES = {"companyinfo", "preferences"}


@dataclass(frozen=True)
class Token:
    """A piece of a query: what kind, its text, and the column it starts at."""

    kind: str
    text: str
    column: int


@dataclass
class Query:
    """A query that was understood.

    Attributes:
        entity: what it asks for; None for the company itself.
        where: SQL conditions, with ``?`` for the parameters.
        fields: the fields to show; empty for all.
    """

    name: str
    entity: Entity | None
    fields: list[str] = field(default_factory=list)
    is_count: bool = False
    where: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)
    order: str = ""
    start: int = 1
    limit: int = USUAL
    asks_active: bool = False


def parse(text: str) -> Query:
    """Understand a query.

    Raises:
        QuickBooksError: it cannot be parsed, or asks for what does not exist.
    """
    return _Parser(text).query()


class _Parser:
    """Reads one query from left to right."""

    def __init__(self, text: str) -> None:
        if not text.strip():
            raise unparsed("The query provided was empty")
        self.tokens: list[Token] = []
        position = 0
        while position < len(text.rstrip().rstrip(";")):
            found = TOKEN.match(text, position)
            if found is None:
                raise unparsed(f"Invalid content. Lexical error at line 1, column {position + 1}.")
            kind = found.lastgroup or ""
            self.tokens.append(Token(kind, found[kind], found.start(kind) + 1))
            position = found.end()
        self.position = 0

    def peek(self) -> Token:
        """The next token, or the end."""
        if self.position < len(self.tokens):
            return self.tokens[self.position]
        return Token("end", "<EOF>", 0)

    def take(self, *kinds: str) -> Token:
        """The next token, which must be of one of these kinds."""
        token = self.peek()
        if token.kind not in kinds:
            raise self.unexpected(token)
        self.position += 1
        return token

    def unexpected(self, token: Token) -> Exception:
        """The fault for a token that has no business where it stands."""
        return unparsed(f'Encountered " <{token.kind.upper()}> "{token.text} "" at line 1, '
                        f"column {token.column}.")  # fmt: skip

    def word(self, *words: str) -> bool:
        """Whether the next token is one of these words; then it is taken."""
        token = self.peek()
        if token.kind == "word" and token.text.lower() in words:
            self.position += 1
            return True
        return False

    def sign(self, text: str) -> bool:
        """Whether the next token is this sign; then it is taken."""
        if self.peek().kind == "sign" and self.peek().text == text:
            self.position += 1
            return True
        return False

    def query(self) -> Query:
        if not self.word("select"):
            raise self.unexpected(self.peek())
        fields, is_count = self._selected()
        if not self.word("from"):
            raise self.unexpected(self.peek())
        name = self.take("word").text
        entity = ENTITIES.get(name.lower())
        if entity is None and name.lower() not in OTHER_ENTITIES:
            raise invalid_query(f"invalid context declaration: {name}")
        query = Query(name, entity, fields, is_count)
        if self.word("where"):
            self._condition(query)
            while self.word("and"):
                self._condition(query)
        if self.word("orderby") or (self.word("order") and self._by()):
            self._ordered(query)
        self._paged(query)
        if self.peek().kind != "end":
            raise self.unexpected(self.peek())
        return query

    def _by(self) -> bool:
        if not self.word("by"):
            raise self.unexpected(self.peek())
        return True

    def _selected(self) -> tuple[list[str], bool]:
        if self.word("count"):
            for each in "(*)":
                if not self.sign(each):
                    raise self.unexpected(self.peek())
            return [], True
        fields, is_all = [], False
        while True:
            if self.sign("*"):
                is_all = True
            else:
                fields.append(self.take("word").text + ("*" if self.sign("*") else ""))
            if not self.sign(","):
                return ([] if is_all else fields), False

    def _field(self, query: Query) -> tuple[str, Kind]:
        name = self.take("word").text
        fields = query.entity.fields if query.entity else {}
        if name.lower() not in fields:
            raise invalid_query(f"Property {name} not found for Entity {query.name}")
        return fields[name.lower()]

    def _condition(self, query: Query) -> None:
        column, kind = self._field(query)
        query.asks_active |= column == "is_active"
        if self.word("in"):
            if not self.sign("("):
                raise self.unexpected(self.peek())
            values = [self._value(kind)]
            while self.sign(","):
                values.append(self._value(kind))
            if not self.sign(")"):
                raise self.unexpected(self.peek())
            query.where.append(f"{column} in ({', '.join('?' * len(values))})")
            query.parameters += values
        elif self.word("like"):
            query.where.append(f"{column} ilike ?")
            query.parameters.append(self._value("text"))
        else:
            sign = self.take("sign").text
            if sign not in ("=", "<", ">", "<=", ">=", "!="):
                raise self.unexpected(self.tokens[self.position - 1])
            query.where.append(f"{column} {sign} ?")
            query.parameters.append(self._value(kind))

    def _value(self, kind: Kind) -> Any:
        token = self.take("text", "number", "word")
        text = token.text
        if token.kind == "text":
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        elif token.kind == "word" and text.lower() not in ("true", "false"):
            raise self.unexpected(token)
        try:
            return _typed(kind, text)
        except ValueError:
            raise invalid_query(f"value {text} has the wrong type") from None

    def _ordered(self, query: Query) -> None:
        parts = []
        while True:
            column, _kind = self._field(query)
            direction = "desc" if self.word("desc") else "asc"
            if direction == "asc":
                self.word("asc")
            parts.append(f"{column} {direction}")
            if not self.sign(","):
                break
        query.order = ", ".join(parts)

    def _paged(self, query: Query) -> None:
        while self.peek().kind == "word":
            if self.word("startposition"):
                query.start = int(self.take("number").text)
            elif self.word("maxresults"):
                query.limit = int(self.take("number").text)
            else:
                return
        if query.limit > MOST:
            raise invalid_query(f"value {query.limit} is too large. Max allowed value is {MOST}.")
        if query.start < 1 or query.limit < 1:
            raise invalid_query("position and count start at 1")


def _typed(kind: Kind, text: str) -> Any:
    if kind == "id":
        return int(text)
    if kind == "number":
        return float(text)
    if kind == "date":
        return date.fromisoformat(text[:10])
    if kind == "moment":
        return moment(text)
    if kind == "flag":
        return text.lower() == "true"
    return text


def moment(text: str) -> datetime:
    """An instant from ISO text, with or without an offset."""
    # A plus sign in a URL that nobody encoded arrives as a blank.
    found = datetime.fromisoformat(re.sub(r"(T.*) (\d\d:\d\d)$", r"\1+\2", text.strip()))
    return (found if found.tzinfo else found.replace(tzinfo=COMPANY_ZONE)).astimezone(UTC)
