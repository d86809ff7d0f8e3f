"""Dates and times as people write them: which order a column uses, refused when ambiguous.

A date format is a set of strptime patterns plus the order of day and month, decided on the
whole column. Nothing here opens a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

DateOrder = Literal["dmy", "mdy", "ymd"]
MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TIME = re.compile(
    r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?P<f>[.,]\d{1,9})?)?"
    r"(?P<ampm>[  \u202f]*[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|[+-]\d{2}(?::?\d{2})?)?$"
)
_NUMERIC = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})$")
_SERIAL = re.compile(r"\d{5}(\.\d+)?$")


class AmbiguousDateError(ValueError):
    """A column whose day and month cannot be told apart, or that mixes both orders."""


@dataclass(frozen=True)
class DateFormat:
    """How to read one column: patterns without and with a zone, and Excel serial numbers."""

    local_patterns: tuple[str, ...] = ()
    zoned_patterns: tuple[str, ...] = ()
    is_serial: bool = False
    has_time: bool = False
    order: DateOrder | None = None


@dataclass(frozen=True)
class DateEvidence:
    """What a column shows: its shapes, and the largest first and second number of a/b/year."""

    examples: tuple[str, ...]
    largest_first: int = 0
    largest_second: int = 0


def evidence_of(values: Iterable[str]) -> DateEvidence:
    """Collect the evidence of a list of texts (the loader does the same in SQL)."""
    examples: dict[str, str] = {}
    first = second = 0
    for value in values:
        text = value.strip()
        if not text:
            continue
        examples.setdefault(re.sub(r"\d", "9", text), text)
        parts = re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}", text)
        if parts:
            first, second = max(first, int(parts[1])), max(second, int(parts[2]))
    return DateEvidence(tuple(examples.values()), first, second)


def evidence_sql(column: str, relation: str) -> str:
    """DuckDB query of (shape's example, largest first, largest second), one row per shape."""
    number = "regexp_extract(v, '^(\\d{1,2})[-/.](\\d{1,2})[-/.]\\d{2,4}', %d)"
    return (
        f"select any_value(v), max(try_cast({number % 1} as int)), "
        f"max(try_cast({number % 2} as int)) from (select trim({column}) v from {relation}) "
        "where v <> '' group by regexp_replace(v, '\\d', '9', 'g') "
        "order by count(*) desc limit 60"
    )


def decide_order(evidence: DateEvidence, declared: DateOrder | None) -> DateOrder | None:
    """Order of day and month of a/b/year values; None when the column cannot tell.

    Raises:
        AmbiguousDateError: the column holds both orders, or contradicts the mapping.
    """
    first, second = evidence.largest_first, evidence.largest_second
    if first > 12 and second > 12:
        raise AmbiguousDateError("it mixes day/month and month/day")
    seen: DateOrder | None = "dmy" if first > 12 else "mdy" if second > 12 else None
    if declared in ("dmy", "mdy") and seen and seen != declared:
        raise AmbiguousDateError(f'the mapping says date_order = "{declared}", the values {seen}')
    return declared if declared in ("dmy", "mdy") else seen


def needs_order(evidence: DateEvidence) -> bool:
    """Whether any value is of the form a/b/year."""
    return evidence.largest_first > 0


def date_format(evidence: DateEvidence, order: DateOrder | None) -> DateFormat:
    """Patterns for every shape seen; shapes that are no date are left to the quarantine."""
    local: dict[str, None] = {}
    zoned: dict[str, None] = {}
    is_serial = has_time = False
    for example in evidence.examples:
        if _SERIAL.fullmatch(example):
            is_serial, has_time = True, has_time or "." in example
            continue
        pattern = pattern_of(example, order)
        if pattern is None:
            continue
        has_time = has_time or "%H" in pattern or "%I" in pattern
        (zoned if "%z" in pattern else local).setdefault(pattern)
    return DateFormat(tuple(local), tuple(zoned), is_serial, has_time, order)


def pattern_of(text: str, order: DateOrder | None) -> str | None:
    """The strptime pattern that reads this text, or None when it is no date."""
    day, separator, clock = _split(text.strip())
    day_pattern = _day_pattern(day, order)
    if day_pattern is None:
        return None
    if not clock:
        return day_pattern
    clock_pattern = time_pattern_of(clock)
    return None if clock_pattern is None else day_pattern + separator + clock_pattern


def time_pattern_of(text: str) -> str | None:
    """The strptime pattern of a time of day, or None."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    pattern = ("%I" if match["ampm"] else "%H") + ":%M" + (":%S" if match["s"] else "")
    pattern += f"{match['f'][0]}%f" if match["f"] else ""
    pattern += (" %p" if match["ampm"][0] in "  \u202f" else "%p") if match["ampm"] else ""
    return pattern + ("%z" if match["zone"] else "")


def _split(text: str) -> tuple[str, str, str]:
    match = re.match(r"(?P<day>.*?\d)(?P<gap>T|,?[  ]+)(?P<clock>\d{1,2}:\d.*)$", text)
    return (match["day"], match["gap"], match["clock"]) if match else (text, "", "")


def _day_pattern(text: str, order: DateOrder | None) -> str | None:
    numeric = _NUMERIC.match(text)
    if numeric:
        return _numeric_pattern(numeric, order)
    if re.fullmatch(r"(19|20)\d{6}", text):
        return "%Y%m%d"
    named = re.match(rf"(?i)(\d{{1,2}})([-\s/.]+)({MONTHS})(\.?,?[-\s/.]+)(\d{{2,4}})$", text)
    if named:
        month = "%b" if len(named[3]) == 3 else "%B"
        return f"%d{named[2]}{month}{named[4]}{_year(named[5])}"
    named = re.match(rf"(?i)({MONTHS})([-\s.]+)(\d{{1,2}})(,?\s+)(\d{{4}})$", text)
    if named:
        month = "%b" if len(named[1]) == 3 else "%B"
        return f"{month}{named[2]}%d{named[4]}%Y"
    return None


def _numeric_pattern(match: re.Match[str], order: DateOrder | None) -> str | None:
    first, mark, _, last = match.groups()
    if len(first) == 4:
        return f"%Y{mark}%m{mark}%d" if len(last) <= 2 else None
    if len(first) > 2 or len(last) in (1, 3) or order not in ("dmy", "mdy"):
        return None
    pair = ("%d", "%m") if order == "dmy" else ("%m", "%d")
    return f"{pair[0]}{mark}{pair[1]}{mark}{_year(last)}"


def _year(digits: str) -> str:
    return "%Y" if len(digits) == 4 else "%y"


def local_sql(column: str, fmt: DateFormat, zone: str) -> str:
    """DuckDB expression of the local TIMESTAMP of a text column; null where it does not fit."""
    parts: list[str] = []
    if fmt.local_patterns:
        parts.append(f"try_strptime(trim({column}), {_list(fmt.local_patterns)})")
    if fmt.zoned_patterns:
        parts.append(f"timezone('{zone}', {_zoned(column, fmt)})")
    if fmt.is_serial:
        parts.append(
            f"(case when regexp_full_match(trim({column}), '[2-7]\\d{{4}}(\\.\\d+)?') then "
            f"timestamp '1899-12-30' + to_microseconds(cast(round(try_cast(trim({column}) as "
            "double) * 86400) as bigint) * 1000000) end)"
        )
    return f"coalesce({', '.join(parts)})" if parts else "cast(null as timestamp)"


def instant_sql(column: str, fmt: DateFormat, zone: str) -> str:
    """DuckDB expression of the UTC instant; a repeated hour is read as standard time."""
    local = f"timezone('{zone}', {local_sql(column, fmt, zone)})"
    return f"coalesce({_zoned(column, fmt)}, {local})" if fmt.zoned_patterns else local


def time_sql(column: str, patterns: tuple[str, ...]) -> str:
    """DuckDB expression of a TIME; Excel's share of a day (0.5 is noon) is read too."""
    share = (
        f"(case when regexp_full_match(trim({column}), '0?\\.\\d+|0') then cast(timestamp "
        f"'2000-01-01' + to_microseconds(cast(round(try_cast(trim({column}) as double) * 86400) "
        "as bigint) * 1000000) as time) end)"
    )
    if not patterns:
        return share
    return f"coalesce(cast(try_strptime(trim({column}), {_list(patterns)}) as time), {share})"


def _zoned(column: str, fmt: DateFormat) -> str:
    text = f"regexp_replace(trim({column}), '\\s*(Z|UTC)$', '+00:00')"
    text = f"regexp_replace({text}, '(\\d)\\s+([+-]\\d)', '\\1\\2')"
    return f"try_strptime({text}, {_list(fmt.zoned_patterns)})"


def _list(patterns: tuple[str, ...]) -> str:
    quoted = [f"'{pattern.replace(chr(39), chr(39) * 2)}'" for pattern in patterns]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"
