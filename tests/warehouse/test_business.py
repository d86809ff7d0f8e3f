"""business.toml: what it says is what counts, and what it says wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.business import add_source_settings, load_business, slugify
from warehouse.errors import HubError

GOOD = 'name = "Café Ü"\ntime_zone = "Europe/Berlin"\ncurrency_code = "EUR"\ncountry_code = "DE"\n'
ANNA = '[[location_managers]]\nuser = "anna"\nlocations = ["Harbour"]\n'


def _write(folder: Path, text: str) -> Path:
    (folder / "business.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_good_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    business = load_business(_write(tmp_path, GOOD))
    assert (business.slug, business.week_start) == ("cafe_u", "monday")
    assert business.default_location_name == "Café Ü"
    assert business.inbox == tmp_path.resolve() / "inbox"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (GOOD.replace("Europe/Berlin", "Berlin"), "time_zone"),
        (GOOD.replace('"EUR"', '"euro"'), "currency_code"),
        (GOOD + 'colour = "red"\n', "colour"),
        (GOOD.replace('name = "Café Ü"\n', ""), "name"),
        ("name = ", "cannot be read"),
        (GOOD + ANNA.replace("anna", "owner"), "'owner' is a user that the hub makes itself"),
        (GOOD + ANNA.replace("anna", "Anna B"), "location_managers.0.user"),
        (GOOD + '[[locations]]\nname = "Pier"\n' * 2, "two locations have the same name"),
        (GOOD + ANNA + ANNA, "two location_managers have the same user"),
        (GOOD + ANNA.replace('["Harbour"]', "[]"), "location_managers.0.locations"),
        (GOOD + ANNA.replace('["Harbour"]', '["A", "A"]'), "'anna' has a location twice"),
        (
            f'id = "{"a" * 40}"\n' + GOOD + ANNA.replace("anna", "a" * 30),
            "too long for a business of this id",
        ),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, wrong: str, told: str) -> None:
    with pytest.raises(HubError, match=told):
        load_business(_write(tmp_path, wrong))


def test_a_folder_without_settings_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="hub init"):
        load_business(tmp_path)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Plato's Pizza", "platos_pizza"), ("24/7 Shop", "business_24_7_shop"), ("日本", "business")],
)
def test_names_become_database_safe_ids(name: str, slug: str) -> None:
    assert slugify(name) == slug


def test_settings_of_a_source_are_added_and_nothing_else_changes(tmp_path: Path) -> None:
    text = GOOD + '# my note\n[sources.square] # till\nenvironment = "sandbox"\n'
    business = load_business(_write(tmp_path, text))
    new = {"shop": "cafe.myshopify.com"}
    planned = add_source_settings(business, "shopify", new, save=False)
    assert planned.sources.shopify is not None
    assert (tmp_path / "business.toml").read_text() == text
    business = add_source_settings(business, "shopify", new, save=True)
    add_source_settings(business, "square", {"api_url": "http://localhost:9/"}, save=True)
    sources = load_business(tmp_path).sources
    assert sources.shopify is not None
    assert sources.shopify.shop == "cafe.myshopify.com"
    assert sources.square is not None
    assert (sources.square.environment, sources.square.api_url) == ("sandbox", "http://localhost:9")
    assert (tmp_path / "business.toml").read_text().startswith(GOOD + "# my note\n[sources.square]")


@pytest.mark.parametrize(
    ("source", "settings", "told"),
    [
        ("square", {"environment": "production"}, 'says environment = "sandbox"'),
        ("square", {"api_url": "http://example.org"}, "neither https"),
        ("shopify", {"shop": "example.org"}, "shop"),
        ("quickbooks", {"company_id": "twelve"}, "company_id"),
    ],
)
def test_settings_that_do_not_fit_change_nothing(
    tmp_path: Path, source: str, settings: dict[str, str], told: str
) -> None:
    text = GOOD + '[sources.square]\nenvironment = "sandbox"\n'
    business = load_business(_write(tmp_path, text))
    with pytest.raises(HubError, match=told):
        add_source_settings(business, source, settings, save=True)
    assert (tmp_path / "business.toml").read_text() == text


ALERTS = '[alerts]\nrecipients = ["ada@shop.example"]\nquiet_hours = ["21:00", "07:00"]\n'


def test_recipients_of_reports_are_those_of_the_alerts_unless_they_are_named(
    tmp_path: Path,
) -> None:
    assert load_business(_write(tmp_path, GOOD)).report_recipients == ()
    business = load_business(_write(tmp_path, GOOD + ALERTS + "[reports]\nweekly = {}\n"))
    assert business.report_recipients == ("ada@shop.example",)
    assert business.reports is not None
    assert business.reports.weekly is not None
    assert (business.reports.weekly.day, business.reports.weekly.at.hour) == ("monday", 7)
    assert business.reports.monthly is None
    own = ALERTS + '[reports]\nrecipients = ["bob@shop.example"]\n'
    assert load_business(_write(tmp_path, GOOD + own)).report_recipients == ("bob@shop.example",)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (ALERTS.replace("ada@shop.example", "ada at shop"), "recipients"),
        (ALERTS.replace("ada@shop.example", "ada@shop.example\\nBcc: x@y"), "recipients"),
        (ALERTS.replace("07:00", "21:00"), "same time"),
        (ALERTS + "daily_limit = 0\n", "daily_limit"),
        (ALERTS + '[[alerts.thresholds]]\nname = "A"\nmetric = "orders"\n', "below or above"),
        (ALERTS + '[[alerts.thresholds]]\nname = "A"\nmetric = "drop"\nbelow = 1\n', "metric"),
        (
            ALERTS + 2 * '[[alerts.thresholds]]\nname = "A"\nmetric = "orders"\nbelow = 1\n',
            "same name",
        ),
        ('[alerts]\nslack_webhook = "https://hooks.example/x"\n', "slack_webhook"),
    ],
)
def test_a_wrong_setting_of_alerts_is_named(tmp_path: Path, wrong: str, told: str) -> None:
    with pytest.raises(HubError, match=told):
        load_business(_write(tmp_path, GOOD + wrong))
