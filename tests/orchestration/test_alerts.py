"""From the marts to the inbox: news, thresholds and failed runs, over real servers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.assembly import build_defs
from orchestration.defs.automation.sensors import a_run_failed, messages_are_due
from orchestration.ops.doctor import examine
from orchestration.reporting import alerts
from orchestration.reporting.alerts import send_alerts
from orchestration.reporting.failures import (
    EVERYTHING,
    STAGE_TAG,
    failed_runs,
    tell_failed_runs,
)
from orchestration.reporting.news import known_news
from orchestration.resources import BUSINESS_VARIABLE, INVOCATION_TAG, BusinessResource
from tests.conftest import WarehouseFactory
from tests.orchestration.sinks import MailSink, PostSink, mail_sink, post_sink
from tests.orchestration.small_shop import LAST_DAY, build_marts, configure, execute, tell
from warehouse.database import Warehouse
from warehouse.errors import HubError

NOON = datetime(2026, 9, 30, 16, tzinfo=UTC)  # noon in New York
SETTINGS = """
[alerts]
recipients = ["ada@shop.example", "bob@shop.example"]
slack = true
quiet_hours = ["21:00", "07:00"]
daily_limit = 2
minimum_impact_amount = 100
"""


@pytest.fixture
def sinks(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[MailSink, PostSink]]:
    with mail_sink() as mails, post_sink() as posts:
        monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("SMTP_PORT", str(mails.port))
        monkeypatch.setenv("SMTP_FROM", "hub@shop.example")
        monkeypatch.setenv("SLACK_WEBHOOK_URL", posts.url)
        yield mails, posts


@pytest.fixture
def shop(warehouse_factory: WarehouseFactory) -> Warehouse:
    warehouse = configure(warehouse_factory(), SETTINGS)
    build_marts(warehouse, 60)
    tell(warehouse, "aaaa1111", -500, "Sales fell <here>")
    tell(warehouse, "bbbb2222", 400, "Stock lies idle", kind="dead_stock")
    tell(warehouse, "cccc3333", 300, "A price is too low")
    tell(warehouse, "dddd4444", 20, "A trifle")
    return warehouse


def _log(shop: Warehouse) -> list[tuple[object, ...]]:
    with shop.connect("messenger") as connection:
        return connection.execute(
            "select message_kind, subject_key, channel, status, attempts_count, error "
            "from audit.deliveries order by delivery_id"
        ).fetchall()


def test_each_recipient_is_told_once_with_a_link_and_the_rest_is_counted(
    shop: Warehouse, sinks: tuple[MailSink, PostSink]
) -> None:
    mails, posts = sinks
    done = send_alerts(shop, now=NOON)
    assert done.errors == []
    assert [recipients for recipients, _ in mails.envelopes] == [
        ["ada@shop.example"], ["bob@shop.example"]]  # fmt: skip
    mail = mails.mails[0]
    assert mail["Subject"] == "Corner Shop: Sales fell <here> (and 1 more)"
    page = mail.get_body(("html",))
    text = mail.get_body(("plain",))
    assert page is not None
    assert text is not None
    assert "Sales fell &lt;here&gt;" in page.get_content()
    assert "/superset/dashboard/sales/#CHART-" in page.get_content()
    for words in ("Stock lies idle", "1 more in the dashboards", "hub alerts snooze aaaa1111"):
        assert words in text.get_content()
    assert "A trifle" not in text.get_content()
    assert "*Sales fell &lt;here&gt;*" in posts.texts[0]
    assert "Stock lies idle" in done.lines

    assert send_alerts(shop, now=NOON + timedelta(hours=1)).sent == []
    send_alerts(shop, now=NOON + timedelta(days=1))
    assert len(mails.mails) == 4
    assert mails.mails[2]["Subject"] == "Corner Shop: A price is too low"
    log = _log(shop)
    assert len(log) == 4 * 3
    assert {row[3] for row in log} == {"sent"}
    assert "@" not in str(log)
    assert "hush" not in str(log)


def test_doubled_money_is_news_again(shop: Warehouse, sinks: tuple[MailSink, PostSink]) -> None:
    send_alerts(shop, now=NOON)
    execute(
        shop, "update rpt_insights set impact_amount = impact_amount * 2 where impact_amount = -500"
    )
    later = NOON + timedelta(days=1)
    assert [each.key for each in send_alerts(shop, now=later).selections["mail"].told] == [
        "aaaa1111", "cccc3333"]  # fmt: skip


def test_at_night_nothing_is_sent_and_in_the_morning_it_is(
    shop: Warehouse, sinks: tuple[MailSink, PostSink]
) -> None:
    night = datetime(2026, 9, 30, 2, tzinfo=UTC)  # ten in the evening in New York
    assert send_alerts(shop, now=night).sent == []
    assert sinks[0].mails == []
    assert len(send_alerts(shop, now=night + timedelta(hours=9)).sent) == 4


def test_what_fails_on_one_way_goes_out_on_the_others_and_is_sent_by_the_next_run(
    shop: Warehouse, sinks: tuple[MailSink, PostSink], monkeypatch: pytest.MonkeyPatch
) -> None:
    mails, posts = sinks
    mails.replies = ["550 no", "250 OK"]
    first = send_alerts(shop, now=NOON)
    assert ["550 no" in str(error) for error in first.errors] == [True]
    assert len(posts.texts) == 1
    mails.replies = []
    again = send_alerts(shop, now=NOON + timedelta(hours=1))
    assert again.sent == ["mail: 2 alerts"]
    assert mails.envelopes[-1][0] == ["ada@shop.example"]
    monkeypatch.delenv("SMTP_HOST")
    without = send_alerts(shop, now=NOON + timedelta(days=1))
    assert "no mail server" in str(without.errors)
    assert without.sent == ["console: 1 alert", "slack: 1 alert"]


def test_a_snooze_is_for_all_and_ends(shop: Warehouse, sinks: tuple[MailSink, PostSink]) -> None:
    assert "is quiet until" in alerts.snooze(shop, "aaaa11", 7)
    alerts.snooze(shop, "dead_stock", 7)
    now = datetime.now(UTC).replace(hour=16)
    told = send_alerts(shop, now=now, dry_run=True).selections["mail"].told
    assert [each.key for each in told] == ["cccc3333"]
    assert "told again" in alerts.snooze(shop, "dead_stock", 0)
    after = now + timedelta(days=8)
    told = send_alerts(shop, now=after, dry_run=True).selections["mail"].told
    assert [each.key for each in told] == ["aaaa1111", "bbbb2222"]
    assert sinks[0].mails == [], "a dry run sends nothing"
    with pytest.raises(HubError, match="hub alerts list"):
        alerts.snooze(shop, "nonsense", 7)


def test_without_settings_or_marts_nothing_is_told(warehouse_factory: WarehouseFactory) -> None:
    plain = warehouse_factory()
    assert send_alerts(plain, now=NOON).sent == []
    new = configure(plain, "\n[alerts]\n")
    assert send_alerts(new, now=NOON).errors == []


# -- thresholds --------------------------------------------------------------------------

THRESHOLDS = """
[[alerts.thresholds]]
name = "Slow day"
metric = "net_sales"
below = 1300

[[alerts.thresholds]]
name = "Slow pier"
metric = "net_sales"
location = "Pier"
period = "week"
below = 1400

[[alerts.thresholds]]
name = "Thin margin"
metric = "gross_margin_rate"
below = 0.51

[[alerts.thresholds]]
name = "Empty shelves"
metric = "stock_out_rate"
above = 0.3
"""


def test_thresholds_speak_when_they_are_crossed_and_only_then(shop: Warehouse) -> None:
    shop = configure(shop, THRESHOLDS)
    execute(
        shop, "insert into fct_inventory_daily values (%s, 'Pier', true), (%s, 'Pier', false)",
        LAST_DAY, LAST_DAY,
    )  # fmt: skip
    found = {each.subject: each for each in known_news(shop).news if each.kind == "threshold"}
    assert found.keys() == {"Slow day", "Thin margin", "Empty shelves"}, "1,400 is not below 1,400"
    assert found["Slow day"].headline == (
        "Slow day: net sales of the whole business $1,200, below $1,300"
    )
    assert found["Slow day"].impact_amount == -100
    assert "50 %" in found["Thin margin"].headline
    assert "50 %, above 30 %" in found["Empty shelves"].headline
    execute(shop, "update rpt_sales_daily set net_amount = 199 where location_name = 'Pier'")
    assert "Slow pier" in {each.subject for each in known_news(shop).news}


def test_a_day_without_any_sale_is_told_where_the_till_was_read_and_the_shop_was_open(
    shop: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.business.Business.today", lambda _: LAST_DAY + timedelta(days=2))
    shop = configure(shop, THRESHOLDS)
    read = datetime(2026, 10, 1, 12, tzinfo=UTC)
    execute(shop, "insert into rpt_data_freshness values ('spreadsheets', 9, %s)", read)

    def headline(of: Warehouse) -> str:
        return next((n.headline for n in known_news(of).news if n.subject == "Slow day"), "")

    assert "$1,200" in headline(shop), "files do not tell of a day without sales"
    execute(shop, "insert into rpt_data_freshness values ('square', 9, %s)", read)
    assert "$0.00" in headline(shop)
    closed = '\n[[closures]]\nfirst_date = 2026-09-30\nreason = "stocktaking"\n'
    assert headline(configure(shop, closed)) == ""


def test_a_threshold_for_an_unknown_place_is_told_and_stops_nothing(
    shop: Warehouse, sinks: tuple[MailSink, PostSink]
) -> None:
    wrong = '\n[[alerts.thresholds]]\nname = "X"\nmetric = "orders"\nlocation = "Moon"\nbelow = 1\n'
    done = send_alerts(configure(shop, wrong), now=NOON)
    assert len(done.sent) == 4
    assert "Main Street, Pier" in str(done.errors[0])


# -- failed runs -------------------------------------------------------------------------


@dg.op
def breaks() -> None:
    """An op that fails as the hub's own steps do."""
    raise dg.Failure("The till is gone.\n  Fix: bring it back.")


@dg.op
def works() -> None:
    """An op that works."""


def _run(instance: dg.DagsterInstance, name: str, op: dg.OpDefinition) -> str:
    job = dg.GraphDefinition(name=name, node_defs=[op]).to_job()
    return job.execute_in_process(instance=instance, raise_on_error=False).run_id


def test_a_failed_run_is_told_once_with_its_reason(
    shop: Warehouse, sinks: tuple[MailSink, PostSink]
) -> None:
    mails, posts = sinks
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = _run(instance, "whole_hub", breaks)
        noon = datetime.now(UTC).replace(hour=16)
        assert tell_failed_runs(shop, instance, noon) == []
        assert tell_failed_runs(shop, instance, noon) == []
    assert [recipients for recipients, _ in mails.envelopes] == [
        ["ada@shop.example"], ["bob@shop.example"]]  # fmt: skip
    body = mails.mails[0].get_body(("plain",))
    assert body is not None
    assert "The till is gone." in body.get_content()
    assert "bring it back" in body.get_content()
    assert run_id[:8] in body.get_content()
    assert len(posts.texts) == 1
    assert {row[0] for row in _log(shop)} == {"failed_run"}


def test_a_run_that_was_mended_or_is_of_another_business_is_not_told(
    shop: Warehouse, sinks: tuple[MailSink, PostSink]
) -> None:
    noon = datetime.now(UTC).replace(hour=16)
    with dg.DagsterInstance.ephemeral() as instance:
        _run(instance, "predict", breaks)
        _run(instance, "whole_hub", works)
        job = dg.GraphDefinition(name="load", node_defs=[breaks]).to_job()
        job.execute_in_process(
            instance=instance, raise_on_error=False, tags={"hub/business": "another"}
        )
        tell_failed_runs(shop, instance, noon)
        assert sinks[0].mails == []
        _run(instance, "predict", breaks)
        night = datetime.now(UTC).replace(hour=3)  # eleven in the evening in New York
        tell_failed_runs(shop, instance, night)
        assert sinks[0].mails == [], "quiet hours"
        tell_failed_runs(shop, instance, noon)
    assert len(sinks[0].mails) == 2


def _part(instance: dg.DagsterInstance, call: str, op: dg.OpDefinition, stage: str) -> None:
    job = dg.GraphDefinition(name="whole_hub", node_defs=[op]).to_job()
    tags = {INVOCATION_TAG: call, STAGE_TAG: stage}
    job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)


def test_the_runs_of_one_call_count_together(
    shop: Warehouse, sinks: tuple[MailSink, PostSink]
) -> None:
    noon = datetime.now(UTC).replace(hour=16)
    with dg.DagsterInstance.ephemeral() as instance:
        _part(instance, "first", breaks, EVERYTHING)
        _part(instance, "first", works, EVERYTHING)
        _part(instance, "a part of the hub", works, "predict")
        assert len(failed_runs(instance, shop.business, noon)) == 1
        _part(instance, "second", works, EVERYTHING)
        assert failed_runs(instance, shop.business, noon) == []


def test_what_was_done_for_a_run_is_told_with_it(
    shop: Warehouse, sinks: tuple[MailSink, PostSink]
) -> None:
    noon = datetime.now(UTC).replace(hour=16)
    with dg.DagsterInstance.ephemeral() as instance:

        @dg.op
        def calls(context) -> None:
            _part(instance, context.run_id, breaks, EVERYTHING)
            assert failed_runs(instance, shop.business, noon) == [], "it is not over yet"
            raise dg.Failure("The till is gone.")

        run_id = _run(instance, "hub_run", calls)
        assert [one.run_id for one in failed_runs(instance, shop.business, noon)] == [run_id]


@dg.asset(check_specs=[dg.AssetCheckSpec("the_source_was_loaded", asset="orders")])
def orders() -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
    """A load that goes on without its source, as the hub's do."""
    yield dg.MaterializeResult()
    yield dg.AssetCheckResult(passed=False, description="Square is not connected.")


def test_a_run_whose_source_could_not_be_loaded_counts_as_failed(
    shop: Warehouse, sinks: tuple[MailSink, PostSink]
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([orders], instance=instance).success
        tell_failed_runs(shop, instance, datetime.now(UTC).replace(hour=16))
    body = sinks[0].mails[0].get_body(("plain",))
    assert body is not None
    assert "orders: the source was loaded. Square is not connected." in body.get_content()


def test_a_server_that_refused_is_asked_again_an_hour_later(
    shop: Warehouse, sinks: tuple[MailSink, PostSink]
) -> None:
    mails, _ = sinks
    mails.replies = ["550 no", "550 no"]
    noon = datetime.now(UTC).replace(hour=16)
    with dg.DagsterInstance.ephemeral() as instance:
        _run(instance, "whole_hub", breaks)
        assert len(tell_failed_runs(shop, instance, noon)) == 2
        assert tell_failed_runs(shop, instance, noon + timedelta(minutes=59)) == []
        assert mails.tries == 2
        assert tell_failed_runs(shop, instance, noon + timedelta(minutes=61)) == []
    assert len(mails.mails) == 2


def test_the_sensor_looks_at_the_instance(
    shop: Warehouse, sinks: tuple[MailSink, PostSink], monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop.business.folder / "business.toml").write_text(
        (shop.business.folder / "business.toml").read_text().replace("quiet_hours", "# quiet_hours")
    )
    with dg.DagsterInstance.ephemeral() as instance:
        _run(instance, "whole_hub", breaks)
        monkeypatch.setenv(BUSINESS_VARIABLE, str(shop.business.folder))
        resources = {"business": BusinessResource()}
        with dg.build_sensor_context(instance, resources=resources) as context:
            a_run_failed(context)
    assert len(sinks[0].mails) == 2


# -- in Dagster --------------------------------------------------------------------------


def test_a_mail_that_does_not_go_out_is_a_warning_and_fails_no_run(
    shop: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SMTP_HOST", "SLACK_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(BUSINESS_VARIABLE, str(shop.business.folder))
    job = build_defs().resolve_job_def("send_messages")
    result = job.execute_in_process(raise_on_error=False)
    assert result.success
    checks = {check.asset_key.path[-1]: check for check in result.get_asset_check_evaluations()}
    assert checks["reports"].passed
    assert not checks["alerts"].passed
    assert checks["alerts"].severity == dg.AssetCheckSeverity.WARN
    assert "SMTP_HOST" in str(checks["alerts"].description)


def test_a_run_that_looks_from_another_day_tells_nothing(
    shop: Warehouse, sinks: tuple[MailSink, PostSink], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BUSINESS_VARIABLE, str(shop.business.folder))
    job = build_defs().resolve_job_def("send_messages")
    past = {"resources": {"options": {"config": {"as_of_date": "2026-01-01"}}}}
    assert job.execute_in_process(run_config=past).success
    assert sinks[0].mails == sinks[1].texts == []


def test_the_doctor_finds_a_missing_mail_server(
    shop: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMTP_HOST", raising=False)
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.example/x")
    found = {each.text: each for each in examine(shop.business.folder)}
    missing = found["There are recipients of mails, but no mail server."]
    assert not missing.is_fine
    assert "SMTP_HOST" in str(missing.fix)
    assert found["The webhook is set up (hub alerts test tries it)"].is_fine


def test_the_sensor_asks_once_for_each_thing_that_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "business.toml").write_text(
        'name = "S"\ntime_zone = "UTC"\ncurrency_code = "USD"\ncountry_code = "US"\n'
    )
    monkeypatch.setenv(BUSINESS_VARIABLE, str(tmp_path))
    resource = BusinessResource()
    with dg.build_sensor_context(resources={"business": resource}) as context:
        (nothing,) = messages_are_due(context)
    assert isinstance(nothing, dg.SkipReason)
    monkeypatch.setattr(
        "orchestration.defs.automation.sensors.due_keys", lambda *_: ["report 2026-W39"]
    )
    with dg.build_sensor_context(resources={"business": resource}) as context:
        (request,) = messages_are_due(context)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == "report 2026-W39"
