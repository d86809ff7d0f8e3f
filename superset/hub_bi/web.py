"""What the hub adds to Superset's web application: log-in limits, start pages, phone versions.

Failed log-ins are counted in Superset's own database, so that the limit holds across all
web workers with or without Redis.
"""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hub_bi.access import GUEST_ROLE, MANAGER_ROLE
from hub_bi.dashboards import full_dashboards
from hub_bi.dashboards.shared import (
    FULL_VIEW,
    LINK_SEPARATOR,
    PHONE_SUFFIX,
    PHONE_VIEW,
    VIEW_PARAMETER,
)
from hub_bi.state import ATTEMPTS_TABLE

HOME_PATH = "/superset/dashboard/owner-overview/"
PHONE_HOME_PATH = "/superset/dashboard/owner-overview-phone/"
MANAGER_HOME_PATH = "/superset/dashboard/sales/"
START_PATHS = frozenset({"/", "/superset/welcome/", "/superset/welcome"})
DASHBOARD_PATH = re.compile(r"/superset/dashboard/([\w-]+)/?")
VIEW_COOKIE = "hub_view"
LOGIN_PATHS = frozenset({"/login/", "/login", "/api/v1/security/login"})
LIMITED = frozenset({MANAGER_ROLE, GUEST_ROLE})
DASHBOARD_API = re.compile(r"/api/v1/dashboard/[^/]+")
PEOPLE_API = re.compile(r"/api/v1/[a-z_]+/related/(created_by|changed_by)")
DASHBOARD_LINK = re.compile(r"\]\(/superset/dashboard/([^/)]+)/(?:\?[^)]*)?\)")
TRIES = 10
WINDOW_MINUTES = 5

_RECORD = f"insert into {ATTEMPTS_TABLE} (address) values (:address) returning attempt_id"
_COUNT = f"""
    select count(*) from {ATTEMPTS_TABLE}
    where address = :address
      and attempted_at > now() - make_interval(mins => {WINDOW_MINUTES})
"""
_FORGET = f"""
    delete from {ATTEMPTS_TABLE}
    where attempt_id = :attempt_id or attempted_at < now() - interval '1 day'
"""
TOO_MANY = (
    f"Too many log-in attempts. Wait {WINDOW_MINUTES} minutes and try again; "
    "`hub status` shows where the password is kept."
)


def is_phone(user_agent: str) -> bool:
    """Whether a browser's own description is that of a phone."""
    return bool(re.search(r"iPhone|Android.+Mobile|Mobile.+Firefox", user_agent))


def fitting_slug(slug: str, view: str | None, user_agent: str) -> str:
    """Return the dashboard to show for a slug: for a phone, or for a wide screen.

    `view` is what the reader has chosen; without a choice the browser decides. Dashboards
    that are not the product's have one version only.
    """
    base = slug.removesuffix(PHONE_SUFFIX)
    if base not in {board.slug for board in full_dashboards()}:
        return slug
    for_phone = is_phone(user_agent) if view not in (FULL_VIEW, PHONE_VIEW) else view == PHONE_VIEW
    return base + PHONE_SUFFIX if for_phone else base


def prepare_application(app: Any) -> None:
    """Add the log-in limit, home page, phone versions and page head to Superset's application."""
    from jinja2 import ChoiceLoader, FileSystemLoader

    ours = FileSystemLoader(str(Path(__file__).with_name("templates")))
    app.jinja_loader = ChoiceLoader([ours, app.jinja_loader])
    app.before_request(_limit_login)
    app.after_request(_forget_successful_login)
    app.before_request(_lead_home)
    app.before_request(_fit_to_screen)
    app.before_request(_hide_other_people)
    app.after_request(_drop_links_to_closed_dashboards)


def _execute(statement: str, **values: Any) -> Any:
    from sqlalchemy import text
    from superset.extensions import db

    with db.engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return result.scalar() if result.returns_rows else None


def _limit_login() -> Any:
    from flask import g, request

    if request.method != "POST" or request.path not in LOGIN_PATHS:
        return None
    address = request.remote_addr or "unknown"
    g.hub_login_attempt = _execute(_RECORD, address=address)
    if _execute(_COUNT, address=address) <= TRIES:
        return None
    _execute(_FORGET, attempt_id=g.hub_login_attempt)
    g.hub_login_attempt = None
    headers = {"Retry-After": str(WINDOW_MINUTES * 60)}
    if request.path.startswith("/api/"):
        return {"message": TOO_MANY}, 429, headers
    return TOO_MANY, 429, headers | {"Content-Type": "text/plain; charset=utf-8"}


def _forget_successful_login(response: Any) -> Any:
    from flask import g, request
    from flask_login import current_user

    attempt = getattr(g, "hub_login_attempt", None)
    if attempt is None:
        return response
    if request.path.startswith("/api/"):
        succeeded = response.status_code == 200
    else:
        succeeded = bool(current_user and current_user.is_authenticated)
    if succeeded:
        _execute(_FORGET, attempt_id=attempt)
    return response


def home_of(roles: set[str]) -> str | None:
    """Return the page on which somebody starts, on a wide screen; None for Superset's own."""
    if roles & LIMITED:
        return MANAGER_HOME_PATH
    if "owner" in roles:
        return HOME_PATH
    return None


def _roles() -> set[str]:
    from flask_login import current_user

    if not current_user or not current_user.is_authenticated:
        return set()
    return {role.name for role in current_user.roles}


def _lead_home() -> Any:
    from flask import redirect, request

    roles = _roles()
    home = home_of(roles)
    # The logo leads everybody to the overview, which is not everybody's.
    starts = START_PATHS | ({HOME_PATH, PHONE_HOME_PATH} if roles & LIMITED else set())
    return redirect(home) if home and request.path in starts else None


def _drop_links_to_closed_dashboards(response: Any) -> Any:
    """Leave out of a dashboard's line of links what a location manager may not open."""
    from flask import request

    is_dashboard = request.method == "GET" and DASHBOARD_API.fullmatch(request.path)
    if not is_dashboard or response.status_code != 200 or not _roles() & LIMITED:
        return response
    content = response.get_json()
    position = json.loads(content["result"]["position_json"])
    open_slugs = _open_slugs()
    for node in position.values():
        if isinstance(node, dict) and node.get("type") == "MARKDOWN":
            node["meta"]["code"] = only_open_links(node["meta"]["code"], open_slugs)
    content["result"]["position_json"] = json.dumps(position)
    response.set_data(json.dumps(content))
    return response


def only_open_links(text: str, open_slugs: set[str]) -> str:
    """Return a line of links without those that lead to other dashboards."""
    links = text.split(LINK_SEPARATOR)
    leads = [DASHBOARD_LINK.search(link) for link in links]
    return LINK_SEPARATOR.join(
        link
        for link, lead in zip(links, leads, strict=True)
        if lead is None or lead.group(1) in open_slugs
    )


def _open_slugs() -> set[str]:
    from superset.extensions import db, security_manager
    from superset.models.dashboard import Dashboard

    limited = security_manager.find_role(MANAGER_ROLE)
    return {
        slug
        for (slug,) in db.session.query(Dashboard.slug).filter(Dashboard.roles.contains(limited))
    }


def _hide_other_people() -> Any:
    """Answer who made what with nobody: these lists tell all users, and `only_oneself` not all."""
    from flask import request
    from superset.extensions import security_manager

    if not PEOPLE_API.fullmatch(request.path) or security_manager.is_admin():
        return None
    return {"count": 0, "result": []}


def only_oneself(query: Any) -> Any:
    """Return a query for users that finds whoever asks; administrators find everybody."""
    from superset.extensions import security_manager
    from superset.utils.core import get_user_id

    if security_manager.is_admin():
        return query
    return query.filter(security_manager.user_model.id == get_user_id())


def _fit_to_screen() -> Any:
    from flask import redirect, request

    asked_for = DASHBOARD_PATH.fullmatch(request.path)
    if request.method != "GET" or asked_for is None:
        return None
    choice = request.args.get(VIEW_PARAMETER)
    view = choice or request.cookies.get(VIEW_COOKIE)
    slug = fitting_slug(asked_for[1], view, request.user_agent.string)
    if slug == asked_for[1] and choice is None:
        return None
    # What else the address asks for holds on both versions, but for the state of their filters.
    kept = [
        (name, value)
        for name, value in request.args.items(multi=True)
        if name not in (VIEW_PARAMETER, "native_filters_key")
    ]
    response = redirect(f"/superset/dashboard/{slug}/" + (f"?{urlencode(kept)}" if kept else ""))
    if choice in (FULL_VIEW, PHONE_VIEW):
        response.set_cookie(VIEW_COOKIE, choice, httponly=True, samesite="Lax")
    return response
