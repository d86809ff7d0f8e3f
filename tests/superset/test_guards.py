"""Settings, denied SQL, roles and colours: what protects the owner without a running Superset."""

import pytest
from hub_bi import palette, settings
from hub_bi.access import open_dashboards, read_roles, read_users
from hub_bi.bundle import read
from hub_bi.dashboards.shared import LINK_SEPARATOR
from hub_bi.logins import login_of
from hub_bi.sql_guard import denied_name, refuse_dangerous_sql
from hub_bi.web import fitting_slug, home_of, is_phone, only_open_links

ANNA = settings.Manager("anna", "of-her-account", "shop-manager-anna", "of-anna", ("Harbour",))


@pytest.mark.parametrize(
    "sql",
    [
        "select query_to_xml('select 1', true, true, '')",
        "select \"query_to_xml\"('select 1', true, true, '')",
        "select pg_catalog.QUERY_TO_XML/**/('select 1', true, true, '')",
        "select pg_read_file('/etc/passwd')",
        "select * from dblink('host=x', 'select 1') as t(a int)",
        "select lo_import('/etc/passwd')",
        "select U&\"\\0071uery_to_xml\"('select 1', true, true, '')",
        "select * from ts_stat('select 1')",
    ],
)
def test_sql_that_looks_past_the_marts_is_refused(sql: str) -> None:
    assert denied_name(sql)
    with pytest.raises(PermissionError, match="not allowed here"):
        refuse_dangerous_sql(sql, database=None)


def test_the_sql_of_our_own_charts_passes_unchanged() -> None:
    sql = "select sale_date, sum(net_amount) as version from marts.rpt_sales_daily group by 1"
    assert refuse_dangerous_sql(sql, database=None) == sql


def test_a_missing_secret_is_named_with_its_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPERSET_OWNER_PASSWORD", raising=False)
    with pytest.raises(settings.SettingsError, match=r"SUPERSET_OWNER_PASSWORD is not set.*owner"):
        settings.user_password("owner")


def test_a_short_secret_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERSET_SECRET_KEY", "short")
    with pytest.raises(settings.SettingsError, match="at least 32") as refused:
        settings.secret_key()
    assert "'short'" not in str(refused.value)


def test_a_password_in_the_warehouse_address_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HUB_BI_URI", "postgresql+psycopg2://bi_reader:s3cret@localhost/shop")
    with pytest.raises(settings.SettingsError, match="HUB_BI_PASSWORD") as refused:
        settings.warehouse_uri()
    assert "s3cret" not in str(refused.value)


def test_a_date_that_is_none_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_AS_OF_DATE", "31.12.2015")
    with pytest.raises(settings.SettingsError, match="write it like 2015-12-31"):
        settings.business()


def test_the_owner_reads_dashboards_and_cannot_touch_sql_users_or_charts() -> None:
    roles = read_roles(settings.ROLES_FILE)
    owner = next(role for role in roles if role.name == "owner")
    views = {view for _, view in owner.permissions}
    assert owner.reads_datasets
    assert not owner.reads_database
    assert not views & {
        "SQLLab",
        "SavedQuery",
        "Database",
        "Dataset",
        "Role",
        "User",
        "RoleRestAPI",
    }
    assert not [
        p for p in owner.permissions if p[0] == "can_write" and p[1] in {"Chart", "Dashboard"}
    ]


def test_only_the_built_in_administrator_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for user in ("OWNER", "ANALYST", "ENGINEER", "ADMIN"):
        monkeypatch.setenv(f"SUPERSET_{user}_PASSWORD", "of-a-test")
    users = {user.username: user.role for user in read_users(settings.ROLES_FILE, {"anna": ANNA})}
    assert users == {
        "owner": "owner",
        "analyst": "analyst",
        "engineer": "engineer",
        "admin": "Admin",
        "anna": "location_manager",
    }


def test_a_location_manager_can_do_no_more_than_an_owner_and_a_guest_less() -> None:
    by_name = {role.name: role for role in read_roles(settings.ROLES_FILE)}
    manager, guest, owner = (
        by_name[name] for name in ("location_manager", "embedded_guest", "owner")
    )
    assert set(guest.permissions) < set(manager.permissions) == set(owner.permissions)
    assert manager.is_limited
    assert guest.is_limited
    assert not owner.is_limited
    assert not guest.reads_datasets


@pytest.mark.parametrize(
    ("username", "roles", "login"),
    [
        ("owner", {"owner"}, (None, "of-the-reader")),
        ("admin", {"Admin"}, (None, "of-the-reader")),
        ("anna", {"location_manager"}, ("shop-manager-anna", "of-anna")),
        ("anna", {"location_manager", "Admin"}, ("shop-manager-anna", "of-anna")),
        ("anna", {"owner"}, ("shop-manager-anna", "of-anna")),
        ("anna", {"embedded_guest"}, ("shop-manager-anna", "of-anna")),
        ("owner", {"embedded_guest"}, None),
        ("ben", {"location_manager", "owner"}, None),
        ("somebody", {"Gamma", "sql_lab"}, None),
        ("somebody", set(), None),
    ],
)
def test_the_role_that_sees_least_decides_on_the_login(
    username: str,
    roles: set[str],
    login: tuple[str | None, str] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HUB_BI_PASSWORD", "of-the-reader")
    assert login_of(username, roles, {"anna": ANNA}) == login


@pytest.mark.parametrize(
    "sql",
    [
        "set role postgres",
        "/* select */ SET statement_timeout = 0",
        "-- select\ncommit",
        "alter role current_user password 'mine'",
        "(/**/begin)",
        "",
        "'select'",
    ],
)
def test_a_statement_that_does_not_read_is_refused(sql: str) -> None:
    with pytest.raises(PermissionError, match="begins with"):
        refuse_dangerous_sql(sql)


@pytest.mark.parametrize(
    "sql",
    ["(select 1) union (select 2)", "-- all\nwith a as (select 1) select * from a", "Values (1)"],
)
def test_a_statement_that_reads_passes(sql: str) -> None:
    assert refuse_dangerous_sql(sql) == sql


def test_a_managers_line_of_links_leads_only_where_he_may_go() -> None:
    links = LINK_SEPARATOR.join(
        (
            "**Sales**",
            "[Profit](/superset/dashboard/profit/)",
            "[Stock](/superset/dashboard/stock/)",
        )
    )
    assert only_open_links(links, {"sales", "stock"}) == LINK_SEPARATOR.join(
        ("**Sales**", "[Stock](/superset/dashboard/stock/)")
    )
    assert only_open_links("No links here.", set()) == "No links here."


def test_managers_open_dashboards_of_which_they_may_read_every_mart() -> None:
    files = read(settings.ASSETS)
    opened = {
        content["slug"]
        for content in files.values()
        if content.get("uuid") in open_dashboards(files)
    }
    wide = {"today", "sales", "inventory"}
    assert opened == wide | {f"{slug}-phone" for slug in wide}
    assert home_of({"location_manager", "owner"}) == "/superset/dashboard/sales/"


def test_an_analyst_can_do_all_an_owner_can_and_write_sql() -> None:
    roles = read_roles(settings.ROLES_FILE)
    by_name = {role.name: role for role in roles}
    assert set(by_name["owner"].permissions) < set(by_name["analyst"].permissions)
    assert ("can_execute_sql_query", "SQLLab") in by_name["analyst"].permissions
    assert by_name["analyst"].reads_database


@pytest.mark.parametrize("page", [palette.CARD_LIGHT, palette.CARD_DARK])
def test_every_colour_of_a_chart_stands_out_from_its_card(page: str) -> None:
    weak = {c: round(_contrast(c, page), 2) for c in palette.CATEGORICAL if _contrast(c, page) < 3}
    assert weak == {}


@pytest.mark.parametrize(
    ("theme", "card"),
    [(palette.light_theme("/"), palette.CARD_LIGHT), (palette.dark_theme("/"), palette.CARD_DARK)],
)
def test_text_and_links_are_readable_in_both_themes(
    theme: dict[str, dict[str, str]], card: str
) -> None:
    for token in (
        "colorText",
        "colorTextSecondary",
        "colorTextTertiary",
        "colorLink",
        "colorError",
    ):
        assert _contrast(theme["token"][token], card) >= 4.5, token


def test_only_phones_are_led_to_the_phone_dashboard() -> None:
    phone = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/128.0 Mobile Safari/537.36"
    assert is_phone(phone)
    assert not is_phone("Mozilla/5.0 (X11; Linux x86_64) Chrome/128.0 Safari/537.36")


def _contrast(colour: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours."""
    light, dark = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("slug", "view", "shown"),
    [
        ("sales", None, "sales-phone"),
        ("sales-phone", None, "sales-phone"),
        ("sales", "full", "sales"),
        ("sales-phone", "full", "sales"),
        ("sales", "nonsense", "sales-phone"),
        ("my-own", None, "my-own"),
    ],
)
def test_a_phone_gets_the_version_for_it_unless_its_reader_wants_the_full_one(
    slug: str, view: str | None, shown: str
) -> None:
    assert (
        fitting_slug(slug, view, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)") == shown
    )


def test_a_wide_screen_gets_the_full_version_of_a_link_from_a_phone() -> None:
    computer = "Mozilla/5.0 (X11; Linux x86_64) Chrome/128.0"
    assert fitting_slug("sales-phone", None, computer) == "sales"
    assert fitting_slug("sales", "phone", computer) == "sales-phone"
