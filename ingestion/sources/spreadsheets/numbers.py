"""Numbers as people write them: which marks a column uses, and how to read it without guessing.

A format is decided on the shapes of a whole column and refused when two readings are possible.
Nothing here opens a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

SPACES = " \u00a0\u202f\u2009"
CURRENCIES = r"(?:[$€£¥₹₽₺₩₪₫₴฿]|US\$|A\$|C\$|R\$|CHF|EUR|USD|GBP|Fr\.?|kr\.?|zł|Kč|Rs\.?|lei|Ft)"
_CURRENCY = re.compile(CURRENCIES, re.IGNORECASE)
_PLAIN = re.compile(r"-?\d+(\.\d+)?")


class AmbiguousFormatError(ValueError):
    """A column that can be read in two ways; the message names the mapping line to add."""


@dataclass(frozen=True)
class NumberFormat:
    """The decimal mark ("." or ",") and the mark between thousands ("" when none)."""

    decimal_mark: str = "."
    group_mark: str = ""
    is_plain: bool = False

    @property
    def pattern(self) -> str:
        """Regular expression (RE2 and Python alike) of one whole value, blanks removed."""
        decimal = re.escape(self.decimal_mark)
        whole = r"\d+"
        if self.group_mark == "space":
            whole = r"(?:\d{1,3}(?:[  \x{202f}\x{2009}]\d{3})+|\d+)".replace(
                "  \\x{202f}\\x{2009}", SPACES
            )
        elif self.group_mark:
            mark = "['’]" if self.group_mark == "'" else re.escape(self.group_mark)
            whole = rf"(?:\d{{1,3}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}|\d+)"
        number = rf"(?:{whole}(?:{decimal}\d*)?|{decimal}\d+)"
        cur, blank = CURRENCIES, f"[{SPACES}]*"
        inner = rf"(?:{cur}{blank})?{number}{blank}(?:{cur}|%)?"
        signed = rf"[-+−]?{blank}{inner}"
        return (
            rf"(?i)^{blank}(?:{signed}|{inner}{blank}[-−]|{cur}{blank}-{blank}{number}"
            rf"|\({inner}\)|-?{cur}?\({number}\)){blank}$"
        )


def decide_number_format(
    values: Iterable[str], decimal_mark: str | None = None
) -> NumberFormat | None:
    """Decide the marks of a column from its values (or their shapes, digits as 9).

    Args:
        values: texts; blanks and texts without digits are ignored.
        decimal_mark: what the mapping says, "." or ",", when the owner has decided.

    Returns:
        The format; plain when no value has a mark. None when undecidable from these values.

    Raises:
        AmbiguousFormatError: values contradict one another.
    """
    votes: set[str] = set()
    groups: set[str] = set()
    undecided, is_plain = False, True
    for value in values:
        text = _bare(value)
        if not text or not re.search(r"\d", text):
            continue
        if _PLAIN.fullmatch(value.strip()) is None:
            is_plain = False
        mark, group = _evidence(text)
        undecided = undecided or mark == "?"
        if mark in (".", ","):
            votes.add(mark)
        groups |= {group} if group else set()
    if decimal_mark:
        votes = {decimal_mark}
    if len(votes) > 1:
        raise AmbiguousFormatError("both '.' and ',' stand before decimals")
    if not votes and undecided:
        return None
    mark = votes.pop() if votes else "."
    return NumberFormat(mark, _group_mark(groups, mark), is_plain and mark == ".")


def _group_mark(groups: set[str], decimal_mark: str) -> str:
    if "space" in groups:
        return "space"
    if "'" in groups:
        return "'"
    return "," if decimal_mark == "." else "."


def _bare(value: str) -> str:
    text = _CURRENCY.sub("", value).strip(SPACES + "\t()%-+−")
    return text.replace("’", "'")


def _evidence(text: str) -> tuple[str, str]:
    """What one value says: (decimal mark, "?" or "", group mark)."""
    group = ""
    if re.search(rf"\d[{SPACES}]\d{{3}}", text):
        group = "space"
    elif "'" in text:
        group = "'"
    text = re.sub(rf"[{SPACES}']", "", text)
    dots, commas = text.count("."), text.count(",")
    if dots and commas:
        last = "." if text.rfind(".") > text.rfind(",") else ","
        return last, group
    if not dots and not commas:
        return "", group
    mark, other = (".", ",") if dots else (",", ".")
    if (dots or commas) > 1:
        return other, mark
    head, tail = text.split(mark)
    is_ambiguous = len(tail) == 3 and 1 <= len(head) <= 3 and not head.startswith("0")
    if not is_ambiguous or group:
        return mark, group
    return "?", group


def parse_number(text: str, fmt: NumberFormat) -> Decimal | None:
    """The value of a text in a format (percent becomes a share); None when it does not fit."""
    if re.fullmatch(fmt.pattern, text) is None:
        return None
    is_negative = bool(re.search(r"[-−(]", text))
    bare = _CURRENCY.sub("", text)
    digits = re.sub(r"[^\d.,]", "", bare)
    digits = digits.replace("," if fmt.decimal_mark == "." else ".", "").replace(",", ".")
    value = Decimal(digits)
    value = value / 100 if "%" in text else value
    return -value if is_negative else value


def number_sql(column: str, fmt: NumberFormat) -> str:
    """DuckDB expression that reads a text column; null where the text does not fit."""
    if fmt.is_plain:
        odd = " or ".join(f"contains({column}, '{mark}')" for mark in "eE_")
        return f"(case when {odd} then null else try_cast({column} as decimal(18,6)) end)"
    other = "," if fmt.decimal_mark == "." else "."
    digits = f"replace(regexp_replace(regexp_replace({column}, {_quoted('(?i)' + CURRENCIES)}, "
    digits += f"'', 'g'), '[^0-9.,]', '', 'g'), '{other}', '')"
    digits = f"try_cast(replace({digits}, ',', '.') as decimal(18,6))"
    share = f"(case when contains({column}, '%') then {digits} / 100 else {digits} end)"
    signed = f"(case when regexp_matches({column}, '[-−(]') then -{share} else {share} end)"
    return (
        f"(case when regexp_matches({column}, {_quoted(fmt.pattern)}) "
        f"then cast({signed} as decimal(18,6)) end)"
    )


def shape_sql(column: str) -> str:
    """DuckDB expression of a number's shape: digits as 9, but a leading 0 kept."""
    return f"regexp_replace(regexp_replace({column}, '[1-9]', '9', 'g'), '([09.,])0', '\\19', 'g')"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
