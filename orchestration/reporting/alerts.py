"""Alerts: what is news goes to each recipient once, in the order of its money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from orchestration.reporting import deliveries
from orchestration.reporting.channels import Channel, Console, Mail, Slack
from orchestration.reporting.links import chart_link
from orchestration.reporting.messages import Message, slack_text
from orchestration.reporting.news import known_news, wording_of
from orchestration.reporting.pages import render
from orchestration.reporting.secrets import mail_server, slack_webhook
from orchestration.reporting.selection import News, Rules, Selection, is_quiet, select
from warehouse.business import Alerts, Business
from warehouse.database import Warehouse
from warehouse.errors import HubError

Write = Callable[[str], None]


@dataclass
class Round:
    """What one round of alerts did.

    Attributes:
        sent: lines such as "mail: 3 alerts".
        lines: what the console was told.
        errors: what did not go through, or could not be followed.
        selections: by channel, what was chosen; of mails the first recipient's.
    """

    sent: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    errors: list[HubError] = field(default_factory=list)
    selections: dict[str, Selection] = field(default_factory=dict)


def channels_of(
    business: Business, recipients: tuple[str, ...], write: Write | None = None
) -> tuple[list[Channel], list[HubError]]:
    """The ways out that are set up, and what hinders the others."""
    found: list[Channel] = []
    problems: list[HubError] = []
    alerts = business.alerts
    if alerts and alerts.console and write:
        found.append(Console(write))
    if recipients:
        try:
            server = mail_server(business)
            found += [Mail(server, business.name, each) for each in recipients]
        except HubError as error:
            problems.append(error)
    if alerts and alerts.slack:
        try:
            found.append(Slack(slack_webhook(business)))
        except HubError as error:
            problems.append(error)
    return found, problems


def send_alerts(
    warehouse: Warehouse, *, now: datetime | None = None, dry_run: bool = False
) -> Round:
    """Tell each recipient what is news to them; without ``[alerts]`` nothing is told.

    Args:
        warehouse: of the business.
        now: with a time zone; decides quiet hours and the day's budget.
        dry_run: choose, but neither send nor write down.
    """
    alerts, done = warehouse.business.alerts, Round()
    if alerts is None:
        return done
    now = now or datetime.now(UTC)
    channels, problems = channels_of(warehouse.business, alerts.recipients, done.lines.append)
    known = known_news(warehouse)
    done.errors += [*problems, *known.problems]
    rules = rules_of(warehouse.business, alerts, known.usual_minimum)
    with deliveries.open_log(warehouse, now) as log:
        snoozes = log.snoozes()
        for channel in channels:
            chosen = select(known.news, log.told(channel), snoozes, rules, now)
            done.selections.setdefault(channel.name, chosen)
            if not chosen.told or dry_run:
                continue
            subjects = [(each.key, each.impact_amount) for each in chosen.told]
            message = alert_message(warehouse.business, chosen)
            error = log.send(channel, message, "alert", subjects)
            if error:
                done.errors.append(error)
            else:
                done.sent.append(f"{channel.name}: {_count(len(chosen.told), 'alert')}")
    return done


def overview(warehouse: Warehouse, now: datetime | None = None) -> list[dict[str, str | None]]:
    """All news with what the next round would do with it, for the first way out."""
    business, now = warehouse.business, now or datetime.now(UTC)
    alerts = business.alerts or Alerts()
    known = known_news(warehouse)
    channels, _ = channels_of(business, alerts.recipients, lambda _: None)
    channels.sort(key=lambda each: each.name == "console")
    with deliveries.open_log(warehouse, now) as log:
        told = log.told(channels[0]) if channels else {}
        rules = rules_of(business, alerts, known.usual_minimum)
        chosen = select(known.news, told, log.snoozes(), rules, now)
    verdicts = [*((each, "tell") for each in chosen.told), *chosen.held]
    return [
        {
            "key": each.key,
            "kind": each.kind,
            "headline": each.headline,
            "money": amount_of(business, each),
            "next": verdict,
        }
        for each, verdict in verdicts
    ]


def send_test(warehouse: Warehouse, write: Write) -> Iterator[tuple[str, HubError | None]]:
    """Send a test message on every way out; what became of it, one by one."""
    business = warehouse.business
    recipients = business.alerts.recipients if business.alerts else business.report_recipients
    channels, problems = channels_of(business, recipients, write)
    yield from ((error.message, error) for error in problems)
    text = (
        f"This is a test of the alerts of {business.name}.\n"
        f"The dashboards are at {chart_link(business)}"
    )
    message = Message(f"{business.name}: a test of your alerts", text)
    now = datetime.now(UTC)
    with deliveries.open_log(warehouse, now) as log:
        for channel in channels:
            yield channel.name, log.send(channel, message, "test", [("test", None)])


def snooze(warehouse: Warehouse, subject: str, days: int) -> str:
    """Keep a key, a kind or a subject quiet; says until when.

    Raises:
        HubError: nothing that is known now has this name.
    """
    known = known_news(warehouse).news
    whole = [each.key for each in known if len(subject) >= 6 and each.key.startswith(subject)]
    names = {name for each in known for name in (each.kind, each.subject)}
    if warehouse.business.alerts:
        names |= {each.name for each in warehouse.business.alerts.thresholds}
    if len(whole) == 1:
        subject = whole[0]
    elif subject not in names and days > 0:
        raise HubError(
            f"No alert has the key, kind or subject {subject!r}.", fix="See: hub alerts list"
        )
    until = datetime.now(UTC) + timedelta(days=days) if days > 0 else None
    deliveries.snooze(warehouse, subject, until)
    if until is None:
        return f"{subject} is told again."
    day = wording_of(warehouse.business).day(until.astimezone(warehouse.business.zone).date())
    return f"{subject} is quiet until {day}."


def rules_of(business: Business, alerts: Alerts, usual_minimum: float) -> Rules:
    """The owner's rules, with what is usual where nothing is set."""
    least = alerts.minimum_impact_amount
    return Rules(
        zone=business.zone,
        daily_limit=alerts.daily_limit,
        minimum_impact_amount=usual_minimum if least is None else least,
        quiet_hours=alerts.quiet_hours,
    )


def is_quiet_now(business: Business, now: datetime) -> bool:
    """Whether it is within the owner's quiet hours."""
    alerts = business.alerts
    return bool(alerts and is_quiet(alerts.quiet_hours, business.zone, now))


def alert_message(business: Business, chosen: Selection) -> Message:
    """The chosen news in the words of each channel."""
    first, *rest = chosen.told
    and_more = f" (and {len(rest)} more)" if rest else ""
    more = ""
    if chosen.more_count:
        more = f"{chosen.more_count} more in the dashboards, or tomorrow."
    values = {
        "business": business,
        "items": [item_of(business, each) for each in chosen.told],
        "more": more,
        "overview": chart_link(business, "rpt_insights"),
    }
    return Message(
        subject=f"{business.name}: {first.headline}{and_more}",
        text=render("alert.txt", values),
        html=render("alert.html", values),
        brief="\n\n".join(
            [*(_brief(business, each) for each in chosen.told), *([more] if more else [])]
        ),
    )


def item_of(business: Business, news: News) -> dict[str, object]:
    """News as the templates show it."""
    say = wording_of(business)
    return {
        "key": news.key[:8],
        "headline": news.headline,
        "evidence": news.evidence,
        "action": news.action,
        "money": _stake(business, news),
        "amount": amount_of(business, news),
        "basis": news.impact_basis,
        "act_by": say.day(news.act_by_date) if news.act_by_date else None,
        "is_loss": bool(news.impact_amount and news.impact_amount < 0),
        "link": news.link,
    }


def amount_of(business: Business, news: News) -> str | None:
    """The money at stake, None where there is no sum."""
    amount = news.impact_amount
    return None if amount is None else wording_of(business).money(amount)


def _stake(business: Business, news: News) -> str | None:
    amount = amount_of(business, news)
    return f"{amount} ({news.impact_basis})" if amount and news.impact_basis else amount


def _brief(business: Business, news: News) -> str:
    money = _stake(business, news)
    lines = [f"*{slack_text(news.headline)}*", slack_text(f"{news.evidence} {news.action}")]
    if money:
        lines.append(f"At stake: {slack_text(money)}")
    return "\n".join([*lines, f"<{news.link}|Show the chart>" if news.link else ""]).strip()


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
