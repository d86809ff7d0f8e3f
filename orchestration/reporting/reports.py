"""The weekly and the monthly report: made, kept, and sent once to each recipient."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from orchestration.reporting.alerts import channels_of, item_of
from orchestration.reporting.deliveries import as_analyst, open_log
from orchestration.reporting.due import Period, PeriodKind, due_reports, last_period
from orchestration.reporting.figures import Report, read_figures
from orchestration.reporting.messages import Attachment, Message
from orchestration.reporting.news import known_until, last_complete_day
from orchestration.reporting.pages import colour, render, told
from orchestration.reporting.pdf import to_pdf
from orchestration.reporting.pictures import draw
from warehouse.business import Business
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.home import hub_home

_HEADINGS = {"weekly": "The week", "monthly": "The month"}
# A report waits that long for the last sales of its period.
PATIENCE = timedelta(days=1)


@dataclass(frozen=True)
class MadeReport:
    """A report in all its forms.

    Attributes:
        html: the page with its pictures inside, as it is kept.
        message: the mail, with the pictures beside it and the PDF attached.
    """

    report: Report
    html: str
    pdf: bytes
    message: Message

    def save(self, folder: Path) -> Path:
        """Write ``2026-W39.html`` and ``.pdf``; the page's path."""
        folder.mkdir(parents=True, exist_ok=True)
        page = folder / f"{self.report.period.key}.html"
        page.write_text(self.html, encoding="utf-8")
        page.with_suffix(".pdf").write_bytes(self.pdf)
        return page


@dataclass
class Mailing:
    """What became of reports that were due."""

    sent: list[str] = field(default_factory=list)
    errors: list[HubError] = field(default_factory=list)


def archive(business: Business) -> Path:
    """Where the reports of a business are kept."""
    return hub_home() / "reports" / business.slug


def make_report(warehouse: Warehouse, period: Period) -> MadeReport:
    """Read, draw and write a report.

    Raises:
        HubError: there is nothing to report on.
    """
    report = read_figures(warehouse, period)
    pictures = draw(report)
    pdf = to_pdf(report, pictures)
    business, name = report.business, f"{warehouse.business.slug}-{period.key}.pdf"
    message = Message(
        subject=f"{business.name}: {_HEADINGS[period.kind].lower()}, {report.title}",
        text=_render("report.txt", report, {}),
        html=_render("report.html", report, {each: f"cid:{each}@hub" for each in pictures}),
        pictures={f"{each}@hub": content for each, content in pictures.items()},
        attachments=(Attachment(name, "application/pdf", pdf),),
    )
    inline = {
        each: f"data:image/png;base64,{base64.b64encode(content).decode()}"
        for each, content in pictures.items()
    }
    return MadeReport(report, _render("report.html", report, inline), pdf, message)


def period_of(warehouse: Warehouse, kind: PeriodKind, day: date | None) -> Period:
    """The newest complete period on a day; by default on the last complete day.

    Raises:
        HubError: nothing was sold yet.
    """
    business = warehouse.business
    if day is None:
        with as_analyst(warehouse) as connection:
            day = last_complete_day(connection, business)
    if day is None:
        raise HubError("There are no sales to report on yet.", fix="Load some with: hub run")
    return last_period(kind, day, business.week_start)


def send_report(warehouse: Warehouse, made: MadeReport, *, again: bool) -> Mailing:
    """Mail a report to each recipient, and keep it.

    Args:
        warehouse: of the business.
        made: the report.
        again: also to those who got it before.
    """
    business, done = warehouse.business, Mailing()
    made.save(archive(business))
    recipients = business.report_recipients
    if not recipients:
        fix = 'Add recipients = ["you@my-shop.com"] below [reports] in business.toml.'
        done.errors.append(HubError("Nobody is to get the report.", fix=fix))
        return done
    channels, done.errors = channels_of(business, recipients)
    key = made.report.period.key
    with open_log(warehouse, datetime.now(UTC)) as log:
        for channel in channels:
            if channel.name != "mail" or (not again and log.has(channel, "report", key)):
                continue
            error = log.send(channel, made.message, "report", [(key, None)])
            if error:
                done.errors.append(error)
            else:
                done.sent.append(f"report {key}")
    return done


def send_due_reports(warehouse: Warehouse, now: datetime | None = None) -> Mailing:
    """Send what is due and was not sent; a report waits a day for the last of its sales."""
    business, now, done = warehouse.business, now or datetime.now(UTC), Mailing()
    due = due_reports(business, now)
    if not due:
        return done
    with as_analyst(warehouse) as connection:
        sold, until = last_complete_day(connection, business), known_until(connection, business)
    for period in due:
        if sold is None or until is None or sold < period.first:
            continue
        waited = now.astimezone(business.zone).date() - period.last
        if until < period.last and waited <= timedelta(days=1) + PATIENCE:
            continue
        if _is_sent(warehouse, period, now):
            continue
        mailing = send_report(warehouse, make_report(warehouse, period), again=False)
        done.sent += mailing.sent
        done.errors += mailing.errors
    return done


def _is_sent(warehouse: Warehouse, period: Period, now: datetime) -> bool:
    """Whether everybody has it, so that it need not be drawn; what hinders shows when sending."""
    channels, problems = channels_of(warehouse.business, warehouse.business.report_recipients)
    mails = [each for each in channels if each.name == "mail"]
    if problems or not mails:
        return False
    with open_log(warehouse, now) as log:
        return all(log.has(each, "report", period.key) for each in mails)


def _render(template: str, report: Report, sources: Mapping[str, str]) -> str:
    return render(
        template,
        {
            "report": report,
            "heading": _HEADINGS[report.period.kind],
            "items": [item_of(report.business, each) for each in report.to_do],
            "sources": sources,
            "told": told,
            "colour": colour,
        },
    )
