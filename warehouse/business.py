"""The settings of one business, read from the ``business.toml`` in its folder.

Secrets never live here; they come from the environment or a git-ignored secrets file.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from warehouse.errors import HubError

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _known_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError(f"{name!r} is not an IANA time zone such as 'Europe/Berlin'")
    return name


@cache
def _time_zones() -> frozenset[str]:
    """Six hundred files, which sensors need not look for each time."""
    return frozenset(available_timezones())


TimeZone = Annotated[str, AfterValidator(_known_time_zone)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Location(_Settings):
    """A shop, café or warehouse; zone, country and currency default to the business's."""

    name: str
    time_zone: TimeZone | None = None
    country_code: CountryCode | None = None
    currency_code: CurrencyCode | None = None


class _Span(_Settings):
    """Some days in a row."""

    first_date: date
    last_date: date | None = None

    @property
    def dates(self) -> tuple[date, ...]:
        """Every day of it."""
        count = ((self.last_date or self.first_date) - self.first_date).days + 1
        return tuple(self.first_date + timedelta(days=day) for day in range(count))


class Closure(_Span):
    """Days on which the business, or one location of it, is closed."""

    reason: str = "closed"
    location: str | None = None


class Promotion(_Span):
    """Days on which something is on offer by plan, past and future; forecasts learn from them."""

    name: str = "promotion"


class SpreadsheetsSource(_Settings):
    """Settings of the spreadsheets source."""

    quarantine_limit_rate: float = Field(default=0.2, ge=0, le=1)


def _safe_address(address: str) -> str:
    parts = urlsplit(address)
    is_local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_local)):
        raise ValueError(f"{address!r} is neither https:// nor http:// on this computer")
    return address.rstrip("/")


Address = Annotated[str, AfterValidator(_safe_address)]
Environment = Literal["production", "sandbox"]


class ShopifySource(_Settings):
    """A Shopify store; ``api_url`` puts another server in its place."""

    shop: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*\.myshopify\.com$")
    api_url: Address | None = None


class SquareSource(_Settings):
    """A Square account; ``api_url`` puts another server in its place."""

    environment: Environment = "production"
    api_url: Address | None = None


class QuickBooksSource(_Settings):
    """A QuickBooks Online company; ``api_url`` puts another server in its place."""

    environment: Environment = "production"
    company_id: str | None = Field(default=None, pattern=r"^[0-9]{1,30}$")
    api_url: Address | None = None


class Sources(_Settings):
    """Settings per source; a source without any is not used."""

    spreadsheets: SpreadsheetsSource = SpreadsheetsSource()
    shopify: ShopifySource | None = None
    square: SquareSource | None = None
    quickbooks: QuickBooksSource | None = None


class Purchasing(_Settings):
    """What the owner decides about buying; see :class:`ml.purchasing.Policy`.

    Attributes:
        service_level: probability that a shelf lasts until the next delivery.
        review_days: days between two orders; by default as often as each supplier was ordered from.
        lead_time_days: from order to delivery, where a supplier's own deliveries do not tell.
        order_cost_amount: cost of placing an order; with it, orders are at least economic ones.
        yearly_holding_rate: cost of holding stock for a year, as a part of its cost.
        perishable_categories: what does not keep beyond its day.
    """

    service_level: float = Field(default=0.95, ge=0.5, le=0.999)
    review_days: int | None = Field(default=None, ge=1, le=90)
    lead_time_days: int | None = Field(default=None, ge=0, le=365)
    order_cost_amount: float | None = Field(default=None, gt=0)
    yearly_holding_rate: float = Field(default=0.25, gt=0, le=2)
    perishable_categories: tuple[str, ...] = ()


MailAddress = Annotated[str, Field(pattern=r"^[^@\s<>,;:\"]{1,64}@[^@\s<>,;:\"]{1,253}$")]
AlertMetric = Literal[
    "net_sales",
    "orders",
    "average_order_value",
    "gross_margin_rate",
    "refund_rate",
    "discount_rate",
    "stock_out_rate",
]


class Threshold(_Settings):
    """A limit that the owner sets; see ``docs/alerts_and_reports.md`` for what each metric is.

    Attributes:
        name: what the alert is called; also snoozes it.
        metric: of the last complete day or week; rates are parts of one.
        location: one of the business's; None for all together.
        below: alert below this value.
        above: alert above it.
    """

    name: str = Field(min_length=1, max_length=80)
    metric: AlertMetric
    period: Literal["day", "week"] = "day"
    location: str | None = None
    below: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> Threshold:
        if self.below is None and self.above is None:
            raise ValueError("a threshold needs below or above")
        return self


class Alerts(_Settings):
    """What is told by itself, to whom and when.

    Attributes:
        recipients: of mails; each gets one of their own.
        slack: also to the webhook of ``secrets.toml``, which Slack and many others understand.
        console: also in what a run says.
        quiet_hours: from, to in the shop's zone; what comes up then is told afterwards.
        daily_limit: of one recipient; the dearest come first.
        minimum_impact_amount: what is worth less is not told; by default a hundredth of the net
            sales of the last four weeks. What has no sum is told.
        thresholds: limits of the owner's own.
    """

    recipients: tuple[MailAddress, ...] = ()
    slack: bool = False
    console: bool = True
    quiet_hours: tuple[time, time] | None = None
    daily_limit: int = Field(default=5, ge=1, le=50)
    minimum_impact_amount: float | None = Field(default=None, ge=0)
    thresholds: tuple[Threshold, ...] = ()

    @model_validator(mode="after")
    def _hours_differ(self) -> Alerts:
        if self.quiet_hours and self.quiet_hours[0] == self.quiet_hours[1]:
            raise ValueError("quiet_hours begin and end at the same time")
        names = [each.name for each in self.thresholds]
        if len(set(names)) < len(names):
            raise ValueError("two thresholds have the same name")
        return self


class WeeklyReport(_Settings):
    """When the report of the last week is sent, in the shop's zone."""

    day: Weekday = "monday"
    at: time = time(7)


class MonthlyReport(_Settings):
    """When the report of the last month is sent, in the shop's zone."""

    day: int = Field(default=1, ge=1, le=28)
    at: time = time(7)


class Reports(_Settings):
    """Reports by mail; ``weekly = {}`` sends one on Mondays at seven.

    Attributes:
        recipients: of the mails; by default those of the alerts.
        weekly: when, None for never.
        monthly: when, None for never.
    """

    recipients: tuple[MailAddress, ...] = ()
    weekly: WeeklyReport | None = None
    monthly: MonthlyReport | None = None


# Users that every Superset of the hub has.
BUILT_IN_USERS = ("owner", "analyst", "engineer", "admin")
LONGEST_NAME = 63  # bytes of a PostgreSQL name


class LocationManager(_Settings):
    """Who sees the rows of some locations and no others; see ``docs/roles.md``.

    Attributes:
        user: name to sign in to the dashboards with.
        locations: names of the locations, as the sources or ``locations`` write them.
    """

    user: str = Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")
    locations: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_nobody_else(self) -> LocationManager:
        if self.user in BUILT_IN_USERS:
            raise ValueError(f"{self.user!r} is a user that the hub makes itself")
        if len(set(self.locations)) < len(self.locations):
            raise ValueError(f"{self.user!r} has a location twice")
        return self


class Business(_Settings):
    """One business: a folder with ``business.toml`` and ``inbox/``."""

    folder: Path
    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    name: str = Field(min_length=1)
    time_zone: TimeZone
    currency_code: CurrencyCode
    country_code: CountryCode
    week_start: Weekday = "monday"
    locations: tuple[Location, ...] = ()
    default_channel_name: str = "Shop"
    closures: tuple[Closure, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    sources: Sources = Sources()
    rfm_mode: Literal["auto", "quantile", "fixed"] = "auto"
    purchasing: Purchasing = Purchasing()
    alerts: Alerts | None = None
    reports: Reports | None = None
    dashboards_url: Address | None = None
    embedding_addresses: tuple[Address, ...] = ()
    location_managers: tuple[LocationManager, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _derive_id(cls, values: dict[str, object]) -> dict[str, object]:
        if "id" not in values and isinstance(values.get("name"), str):
            values = {**values, "id": slugify(str(values["name"]))}
        return values

    @model_validator(mode="after")
    def _locations_differ(self) -> Business:
        names = [location.name for location in self.locations]
        if len(set(names)) < len(names):
            raise ValueError("two locations have the same name")
        return self

    @model_validator(mode="after")
    def _managers_differ(self) -> Business:
        users = [manager.user for manager in self.location_managers]
        if len(set(users)) < len(users):
            raise ValueError("two location_managers have the same user")
        too_long = [user for user in users if len(f"{self.id}-manager-{user}") > LONGEST_NAME]
        if too_long:
            raise ValueError(f"the user {too_long[0]!r} is too long for a business of this id")
        return self

    @property
    def slug(self) -> str:
        """The business's id, also the name of its database."""
        return self.id

    @property
    def inbox(self) -> Path:
        """Folder with one subfolder of spreadsheets per kind."""
        return self.folder / "inbox"

    @property
    def default_location_name(self) -> str:
        """Where a sale happened when its file does not say."""
        return self.locations[0].name if self.locations else self.name

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone, which decides the day of a sale."""
        return ZoneInfo(self.time_zone)

    @property
    def report_recipients(self) -> tuple[str, ...]:
        """Who gets the reports; those of the alerts where nobody is named."""
        named = self.reports.recipients if self.reports else ()
        return named or (self.alerts.recipients if self.alerts else ())

    @property
    def closed_dates(self) -> tuple[tuple[date, str | None], ...]:
        """Planned closures day by day, with the location; None for the whole business."""
        return tuple((day, each.location) for each in self.closures for day in each.dates)

    @property
    def promotion_dates(self) -> tuple[date, ...]:
        """Planned promotions day by day."""
        return tuple(day for each in self.promotions for day in each.dates)

    def today(self) -> date:
        """The day that is not over yet, in the shop's time zone."""
        return self.now().date()

    def now(self) -> datetime:
        """The moment by the shop's clock."""
        return datetime.now(self.zone)


def slugify(name: str) -> str:
    """A database-safe id from a name: ``Plato's Pizza`` becomes ``platos_pizza``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"['`]", "", plain)
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40]
    return slug if slug[:1].isalpha() else f"business_{slug}".rstrip("_")


def load_business(folder: Path) -> Business:
    """Read ``business.toml``.

    Raises:
        HubError: the folder or file is missing, is not TOML, or a setting is wrong.
    """
    folder = folder.expanduser().resolve()
    path = folder / "business.toml"
    if not path.is_file():
        raise HubError(
            f"{folder} is not a business: it has no business.toml.",
            fix=f"Make one with: hub init {folder}",
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise HubError(f"{path} cannot be read: {error}.", fix="Mend that line.") from None
    return _business_from(text, path)


def _business_from(text: str, path: Path) -> Business:
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise HubError(f"{path} cannot be read: {error}.", fix="Mend that line.") from None
    try:
        return Business.model_validate({**settings, "folder": path.parent})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg']}"
            for item in error.errors()
        )
        raise HubError(
            f"{path} has settings that do not fit: {problems}.",
            fix="Mend the named settings; the README lists them all.",
        ) from None


def add_source_settings(
    business: Business, source: str, settings: dict[str, str], *, save: bool
) -> Business:
    """The business with more settings of a source; its own lines and comments stay as they are.

    Args:
        business: which.
        source: name of the section below ``sources``.
        settings: what to add; what is there already with the same value is left alone.
        save: write them into ``business.toml``.

    Raises:
        HubError: a setting has another value there already, or does not fit.
    """
    path = business.folder / "business.toml"
    before = path.read_text(encoding="utf-8-sig")
    after = _with_source_settings(before, path, source, settings)
    changed = _business_from(after, path)
    if save and after != before:
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(after, encoding="utf-8")
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path.resolve())
    return changed


def _with_source_settings(before: str, path: Path, source: str, settings: dict[str, str]) -> str:
    present = tomllib.loads(before).get("sources", {}).get(source)
    for name, value in settings.items():
        if present and present.get(name, value) != value:
            raise HubError(
                f"{path} says {name} = {json.dumps(present[name])} for {source}, not {value}.",
                fix=f"Change it there first, then run: hub connect {source}",
            )
    missing = {name: value for name, value in settings.items() if name not in (present or {})}
    if present is not None and not missing:
        return before
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in missing.items())
    if present is None:
        return f"{before.rstrip()}\n\n[sources.{source}]\n{lines}"
    header = re.search(rf"^[ \t]*\[sources\.{source}\][ \t]*(#.*)?$\n?", before, re.MULTILINE)
    if header is None:
        raise HubError(
            f"{path} has the settings of {source} in a form that is not changed automatically.",
            fix=f"Add there yourself: {lines.strip()}",
        )
    return before[: header.end()] + lines + before[header.end() :]
