"""The search syntax of ``query`` arguments: parsing, warnings, and a test for documents.

Follows https://shopify.dev/docs/api/usage/search-syntax. Terms whose field the connection does
not know are dropped with a warning, as Shopify drops them: the result is then *larger* than asked
for, which a connector must notice in ``extensions.search``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal, cast

Comparator = Literal[":", ":<", ":>", ":<=", ":>="]
Predicate = Callable[[dict[str, Any]], bool]

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<colon>:)
      |(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      |(?P<word>[^\s:()"']+)|(?P<other>.)""",
    re.VERBOSE,
)
_TIME = re.compile(
    r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.\d+)?)?)?)?)?)?"
    r"(Z|[+-]\d\d:?\d\d)?$"
)
_INVALID_FIELD = "Invalid search field for this query."
_DEFAULT_FIELDS = ("name", "title", "email", "sku", "displayName")


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; ``field`` is the filter's name, such as ``updated_at``."""

    field: str
    comparator: Comparator
    value: str
    kind: str = "string"


@dataclass(frozen=True, slots=True)
class Search:
    """A parsed query: what it keeps, and what it could not understand.

    ``conjuncts`` are comparisons that every match fulfils; a store may use them to read less.
    """

    text: str = ""
    conjuncts: tuple[Term, ...] = ()
    warnings: tuple[dict[str, str], ...] = ()
    parsed: Mapping[str, Any] = field(default_factory=dict)
    _predicates: tuple[Predicate, ...] = ()

    def matches(self, document: dict[str, Any]) -> bool:
        """Whether a document is among the results."""
        return all(predicate(document) for predicate in self._predicates)

    def narrowed(self, term: Term, zone: tzinfo = UTC) -> Search:
        """The same search with one more condition, which no client asked for."""
        return replace(
            self,
            conjuncts=(*self.conjuncts, term),
            _predicates=(*self._predicates, _predicate(term, zone)),
        )


EVERYTHING = Search()


def parse_search(
    text: str | None, fields: Mapping[str, str], zone: tzinfo = UTC, now: datetime | None = None
) -> Search:
    """Parse the text of a ``query`` argument.

    Args:
        text: The query; None and blank text keep everything.
        fields: Filters the connection knows, with their kinds.
        zone: The shop's time zone, which dates without a time are in.
        now: What ``now`` stands for.
    """
    if not text or not text.strip():
        return EVERYTHING
    parser = _Parser(text, fields, zone, now or datetime.now(UTC))
    predicate, parsed = parser.any_of()
    return Search(
        text,
        tuple(parser.conjuncts) if not parser.has_alternatives else (),
        tuple(parser.warnings),
        parsed,
        (predicate,) if predicate else (),
    )


_Parsed = tuple[Predicate | None, dict[str, Any]]


class _Parser:
    """Recursive descent over the tokens; a dropped term has no predicate."""

    def __init__(self, text: str, fields: Mapping[str, str], zone: tzinfo, now: datetime) -> None:
        self._tokens = [(cast("str", match.lastgroup), match[0]) for match in _TOKEN.finditer(text)]
        self._at = 0
        self._fields = fields
        self._zone = zone
        self._now = now
        self._depth = 0
        self.conjuncts: list[Term] = []
        self.warnings: list[dict[str, str]] = []
        self.has_alternatives = False

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _skip_space(self) -> tuple[str, str]:
        while self._peek()[0] in ("space", "other"):
            self._at += 1
        return self._peek()

    def any_of(self) -> _Parsed:
        """Terms until the end or a closing bracket; AND binds before OR."""
        groups: list[list[_Parsed]] = [[]]
        while (token := self._skip_space())[0] not in ("end", "close"):
            if token == ("word", "OR"):
                self._take()
                self.has_alternatives = True
                groups.append([])
            elif token == ("word", "AND"):
                self._take()
            else:
                groups[-1].append(self._term())
        self._take()
        return _joined([_joined(group, "and", all) for group in groups if group], "or", any)

    def _term(self) -> _Parsed:
        kind, text = self._take()
        if kind == "colon":  # what follows the colon of an unquoted time is read as a field
            return self._term() if self._peek()[0] != "end" else (None, {})
        if kind == "open":
            return self.any_of()
        if kind == "word" and (text == "NOT" or (text.startswith("-") and len(text) > 1)):
            return self._negated(text)
        if self._peek()[0] == "colon":
            self._take()
            return self._comparison(_unquoted(text))
        return self._free_text(_unquoted(text))

    def _negated(self, text: str) -> _Parsed:
        if text == "NOT":
            self._skip_space()
        else:
            self._at -= 1
            self._tokens[self._at] = ("word", text[1:])
        before = len(self.conjuncts)
        predicate, parsed = self._term()
        del self.conjuncts[before:]
        if predicate is None:
            return None, parsed
        return (lambda document: not predicate(document)), {"not": parsed}

    def _comparison(self, name: str) -> _Parsed:
        sign = ""
        kind, text = self._peek()
        if kind == "word":
            sign = (re.match(r"[<>]=?", text) or [""])[0]
            if sign != text:
                text = text[len(sign):]  # fmt: skip
            else:
                self._take()
                self._skip_space()
                kind, text = self._peek()
        if kind not in ("word", "quoted"):
            return None, {}
        self._take()
        term = Term(name, cast("Comparator", f":{sign}"), _unquoted(text), self._kind(name))
        parsed = _described(term)
        warning = self._objection(term)
        if warning:
            self.warnings.append({"field": name, **warning})
            return None, parsed
        if term.kind == "time" and term.value == "now":
            term = replace(term, value=f"{self._now:%Y-%m-%dT%H:%M:%SZ}")
        self.conjuncts.append(term)
        return _predicate(term, self._zone), parsed

    def _kind(self, name: str) -> str:
        return "mixed" if name.startswith("metafields.") else self._fields.get(name, "unknown")

    def _objection(self, term: Term) -> dict[str, str] | None:
        if term.kind == "unknown":
            return {"message": _INVALID_FIELD, "code": "invalid_field"}
        if term.kind == "time" and term.value not in ("now", "*") and not _TIME.match(term.value):
            message = f"Input `{term.value}` is not an accepted value."
            return {"message": message, "code": "invalid_value"}
        return None

    def _free_text(self, text: str) -> _Parsed:
        wanted = text.lower().rstrip("*")

        def holds(document: dict[str, Any]) -> bool:
            return any(wanted in str(document.get(name, "")).lower() for name in _DEFAULT_FIELDS)

        return holds, {"field": "default", "match_all": text}


def _joined(parts: list[_Parsed], name: str, combine: Callable[[list[bool]], bool]) -> _Parsed:
    parsed = [part for _, part in parts if part]
    shown = parsed[0] if len(parsed) == 1 else {name: parsed} if parsed else {}
    tests = [predicate for predicate, _ in parts if predicate]
    if not tests:
        return None, shown
    if len(tests) == 1:
        return tests[0], shown
    return (lambda document: combine([test(document) for test in tests])), shown


def _unquoted(text: str) -> str:
    if text[:1] in "\"'" and len(text) > 1:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _described(term: Term) -> dict[str, Any]:
    names = {":<": "lt", ":>": "gt", ":<=": "lte", ":>=": "gte"}
    if term.comparator == ":":
        return {"field": term.field, "match_all": term.value}
    return {"field": term.field, "range": {names[term.comparator]: term.value}}


def _predicate(term: Term, zone: tzinfo) -> Predicate:
    if special := _SPECIAL.get(term.field):
        return special(term)
    if term.kind == "time":
        return _time_test(term, zone)
    if term.kind in ("integer", "float", "id") or re.fullmatch(r"[\d.]+", term.value):
        return _number_test(term)
    return _text_test(term)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _status_test(term: Term) -> Predicate:
    """``status`` means another thing for orders, products and checkouts."""
    wanted = {part.lower() for part in term.value.split(",")}

    def state(document: dict[str, Any]) -> set[str]:
        if "status" in document:
            return {str(document["status"]).lower()}
        if document.get("cancelledAt"):
            return {"cancelled"} | ({"closed"} if document.get("closedAt") else {"not_closed"})
        ended = document.get("closedAt") or document.get("completedAt")
        return {"closed"} if ended else {"open", "not_closed"}

    return lambda document: "any" in wanted or bool(wanted & state(document))


def _tag_test(term: Term) -> Predicate:
    wanted = term.value.lower()
    is_found = term.field == "tag"
    return lambda document: (
        (wanted in [str(tag).lower() for tag in document.get("tags", [])]) == is_found
    )


def _display_test(term: Term) -> Predicate:
    name = _camel(f"display_{term.field}")
    wanted = {part.upper() for part in term.value.split(",")}
    return lambda document: document.get(name) in wanted


_SPECIAL: dict[str, Callable[[Term], Predicate]] = {
    "status": _status_test,
    "tag": _tag_test,
    "tag_not": _tag_test,
    "financial_status": _display_test,
    "fulfillment_status": _display_test,
}


def interval(text: str, zone: tzinfo = UTC) -> tuple[str, str]:
    """First second of a time, date, month or year, and the first one after it, as UTC text.

    Raises:
        ValueError: The text is no time.
    """
    found = _TIME.match(text)
    if not found:
        raise ValueError(f"{text!r} is no time")
    numbers = [int(part) for part in found.groups()[:6] if part is not None]
    year, month, day, hour, minute, second = [*numbers, *(0, 1, 1, 0, 0, 0)[len(numbers) :]]
    start = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found[7], zone))
    if len(numbers) == 1:
        end = start.replace(year=start.year + 1)
    elif len(numbers) == 2:
        end = (start + timedelta(days=32)).replace(day=1)
    else:
        step = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))
        end = start + step[len(numbers) - 3]
    return _utc_text(start), _utc_text(end)


def _zone(text: str | None, zone: tzinfo) -> tzinfo:
    if text is None:
        return zone
    return UTC if text == "Z" else cast("tzinfo", datetime.strptime(text, "%z").tzinfo)


def _utc_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time_test(term: Term, zone: tzinfo) -> Predicate:
    name = _camel(term.field)
    if term.value == "*":
        return lambda document: document.get(name) is not None
    start, end = interval(term.value, zone)
    tests: dict[str, Callable[[str], bool]] = {
        ":": lambda value: start <= value < end,
        ":<": lambda value: value < start,
        ":<=": lambda value: value < end,
        ":>": lambda value: value >= end,
        ":>=": lambda value: value >= start,
    }
    test = tests[term.comparator]
    return lambda document: (value := document.get(name)) is not None and test(value)


def _number_test(term: Term) -> Predicate:
    name = _camel(term.field)
    low, is_range, high = term.value.partition("..")
    try:
        wanted = [float(part.rpartition("/")[2]) for part in low.split(",")]
        most = float(high) if is_range else 0.0
    except ValueError:
        return lambda _: False
    edge = wanted[0]
    tests: dict[str, Callable[[float], bool]] = {
        ":": (lambda value: edge <= value <= most) if is_range else (lambda value: value in wanted),
        ":<": lambda value: value < edge,
        ":<=": lambda value: value <= edge,
        ":>": lambda value: value > edge,
        ":>=": lambda value: value >= edge,
    }
    test = tests[term.comparator]
    return lambda document: (value := _number(document, name)) is not None and test(value)


def _number(document: dict[str, Any], name: str) -> float | None:
    value = document.get(name)
    if value is None and name.endswith("Id"):
        value = document.get(name[:-2])
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, str):
        value = value.partition("?")[0].rpartition("/")[2]
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def _text_test(term: Term) -> Predicate:
    name = _camel(term.field)
    wanted = [part.lower() for part in term.value.split(",")]

    def holds(document: dict[str, Any]) -> bool:
        value = document.get(name)
        if value is None:
            return False
        text = str(value).lower()
        return any(
            text.startswith(one[:-1]) if one.endswith("*") else text == one for one in wanted
        )

    return holds
