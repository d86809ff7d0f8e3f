"""What the demo tells: alerts, its week and its month reach a mail server with right numbers."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pypdfium2
import pytest

from ml.insights import Wording
from orchestration.ops.demo import folder
from tests.conftest import RunningHub, run_hub_command
from tests.orchestration.sinks import MailSink, PostSink, mail_sink, post_sink

SAY = Wording("USD", "US")
SETTINGS = """
[alerts]
recipients = ["owner@harbour.example"]
slack = true

[[alerts.thresholds]]
name = "Slow day"
metric = "net_sales"
below = 1000000

[reports]
weekly = {}
monthly = {}
"""


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory, hub_home: Path) -> Iterator[str]:
    """The demo with somebody to tell: other settings of the same business."""
    told = tmp_path_factory.mktemp("told")
    text = (folder() / "business.toml").read_text(encoding="utf-8")
    (told / "business.toml").write_text(text + SETTINGS, encoding="utf-8")
    current = hub_home / "current-business"
    before = current.read_text(encoding="utf-8")
    yield str(told)
    current.write_text(before, encoding="utf-8")


@pytest.fixture(scope="module")
def sinks() -> Iterator[tuple[MailSink, PostSink, dict[str, str]]]:
    with mail_sink() as mails, post_sink() as posts:
        yield mails, posts, {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mails.port),
            "SMTP_FROM": "hub@harbour.example",
            "SLACK_WEBHOOK_URL": posts.url,
        }  # fmt: skip


def _pdf_of(mail: EmailMessage) -> pypdfium2.PdfDocument:
    (attachment,) = mail.iter_attachments()
    return pypdfium2.PdfDocument(attachment.get_content())


def test_alerts_reach_mail_and_webhook_once(
    running_hub: RunningHub, business: str, sinks: tuple[MailSink, PostSink, dict[str, str]]
) -> None:
    mails, posts, environment = sinks
    done = run_hub_command("alerts", "send", "--business", business, **environment)
    assert done.returncode == 0, done.stderr
    (mail,) = mails.mails
    assert mail["Subject"].startswith("Harbour & Hearth: Slow day: net sales of the whole business")
    page = mail.get_body(("html",))
    assert page is not None
    first = running_hub.sql("select headline from rpt_insights order by insight_rank limit 1")[0]
    assert first in page.get_content()
    assert "#CHART-" in page.get_content()
    assert len(posts.texts) == 1
    again = run_hub_command("alerts", "send", "--business", business, **environment)
    assert "Nothing is news" in again.stdout
    assert len(mails.mails) == len(posts.texts) == 1


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [("weekly", "2026-09-21", "2026-09-27"), ("monthly", "2026-08-01", "2026-08-31")],
)
def test_a_report_is_one_page_with_the_numbers_of_the_marts(
    running_hub: RunningHub,
    business: str,
    sinks: tuple[MailSink, PostSink, dict[str, str]],
    tmp_path: Path,
    period: str,
    first: str,
    last: str,
) -> None:
    mails, _, environment = sinks
    done = run_hub_command(
        "report", "--business", business, "--period", period, "--date", "2026-09-29", "--send",
        "--output", str(tmp_path), **environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    mail = mails.mails[-1]
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds.count("image/png") == 3
    document = _pdf_of(mail)
    assert len(document) == 1
    text = document[0].get_textpage().get_text_bounded()
    days = f"sale_date between '{first}' and '{last}'"
    net, orders = running_hub.sql(
        f"select sum(net_amount), sum(orders_count) from rpt_sales_daily where {days}"
    )[0].split("|")
    (margin,) = running_hub.sql(
        f"select sum(gross_margin_amount) from rpt_margin_daily where {days}"
    )
    for figure in (SAY.money(float(net)), SAY.number(float(orders)), SAY.money(float(margin))):
        assert figure in text
    for part in ("What happened", "Why", "What comes", "are expected", "What to do"):
        assert part in text
    # Not an empty sheet: a good part of the page is not white, and it is drawn in colours.
    picture = document[0].render(scale=0.5).to_pil().convert("RGB")
    colours = picture.getcolors(maxcolors=1 << 24) or []
    white = sum(count for count, colour in colours if colour == (255, 255, 255))
    assert 0.3 < white / (picture.width * picture.height) < 0.93
    assert any(blue > red + 60 and count > 200 for count, (red, _, blue) in colours)
    people = running_hub.sql("select count(*) from dim_customers where customer_label like '%@%'")
    assert people == ["0"]
    assert "@" not in text
    assert list(tmp_path.glob("*.pdf"))
