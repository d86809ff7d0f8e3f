"""Roles and users as `roles.yaml` describes them, brought into Superset.

Permissions that the file does not name are taken away: the file is the whole truth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hub_bi import settings
from hub_bi.bundle import MANAGERS_KEY, OWN_LOCATIONS, Bundle

ADMIN_ROLE = "Admin"
MANAGER_ROLE = "location_manager"
GUEST_ROLE = "embedded_guest"
ROW_RULE = "Own locations"
OWN_DOMAIN = "hub.invalid"


@dataclass(frozen=True)
class Role:
    """A role: fixed permissions, whether it may query the warehouse freely, and how far it sees.

    Who `is_limited` gets the datasets and dashboards that location managers may read, and the
    row rule; everybody else all of them.
    """

    name: str
    permissions: tuple[tuple[str, str], ...]
    reads_datasets: bool
    reads_database: bool
    is_limited: bool


@dataclass(frozen=True)
class User:
    """A user that the product creates."""

    username: str
    first_name: str
    last_name: str
    role: str
    password: str = field(repr=False)

    @property
    def address(self) -> str:
        """An address that cannot exist, by which the product knows its own users again."""
        return f"{self.username}@{OWN_DOMAIN}"


def read_roles(path: Path) -> list[Role]:
    """Return the roles of a roles file, with what they inherit."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    roles: dict[str, Role] = {}
    for name, described in content["roles"].items():
        inherited = roles[described["extends"]].permissions if "extends" in described else ()
        own = tuple(
            (permission, view)
            for view, permissions in described["permissions"].items()
            for permission in permissions
        )
        roles[name] = Role(
            name=name,
            permissions=tuple(dict.fromkeys(inherited + own)),
            reads_datasets=bool(described.get("reads_datasets", True)),
            reads_database=bool(described.get("reads_database", False)),
            is_limited=bool(described.get("limited_to_own_locations", False)),
        )
    return list(roles.values())


def read_users(path: Path, managers: Mapping[str, settings.Manager]) -> list[User]:
    """Return the users of a roles file and the location managers, with their passwords."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    built_in = [
        User(username=name, password=settings.user_password(name), **described)
        for name, described in content["users"].items()
    ]
    return built_in + [
        User(name, name.title(), "(locations)", MANAGER_ROLE, manager.password)
        for name, manager in managers.items()
    ]


def read_row_clause(path: Path) -> str:
    """Return the condition of the row rule for those who see their own locations only."""
    return str(yaml.safe_load(path.read_text(encoding="utf-8"))["rows_of_own_locations"])


def open_datasets(files: Bundle) -> dict[str, bool]:
    """Return the ids of the datasets that location managers may read.

    Whether only rows of their own locations, as the marts' decisions in dbt say.
    """
    return {
        content["uuid"]: content["extra"][MANAGERS_KEY] == OWN_LOCATIONS
        for name, content in files.items()
        if name.startswith("datasets/") and content.get("extra")
    }


def open_dashboards(files: Bundle) -> set[str]:
    """Return the ids of the dashboards of which location managers may read all charts."""
    readable = open_datasets(files).keys()
    datasets = {
        content["uuid"]: content["dataset_uuid"]
        for name, content in files.items()
        if name.startswith("charts/")
    }
    found = set()
    for name, content in files.items():
        if not name.startswith("dashboards/"):
            continue
        nodes = [node for node in content["position"].values() if isinstance(node, dict)]
        asked = {datasets[node["meta"]["uuid"]] for node in nodes if node["type"] == "CHART"}
        for shown in content["metadata"]["native_filter_configuration"]:
            asked |= {target["datasetUuid"] for target in shown["targets"] if target}
        if asked <= readable:
            found.add(content["uuid"])
    return found


def sync_users(users: Iterable[User]) -> int:
    """Create users or bring their role and password up to date; return how many changed.

    A user of the product who is not wanted any more can no longer sign in, and is signed out.
    """
    from superset.extensions import db, security_manager

    wanted = list(users)
    changed = sum(_sync_user(user) for user in wanted)
    names = [user.username for user in wanted]
    model = security_manager.user_model
    for former in db.session.query(model).filter(
        model.email.like(f"%@{OWN_DOMAIN}"), model.username.notin_(names), model.active.is_(True)
    ):
        changed += 1
        former.active = False
        former.roles = []
    db.session.commit()
    return changed


def _sync_user(user: User) -> bool:
    from superset.extensions import db, security_manager
    from werkzeug.security import check_password_hash

    role = security_manager.find_role(user.role) or security_manager.add_role(user.role)
    existing = security_manager.find_user(username=user.username)
    if existing is None:
        security_manager.add_user(
            user.username,
            user.first_name,
            user.last_name,
            user.address,
            role,
            password=user.password,
        )
        return True
    changed = False
    if not check_password_hash(existing.password, user.password):
        changed = True
        security_manager.reset_password(existing.id, user.password)
    if [held.name for held in existing.roles] != [user.role] or not existing.active:
        changed = True
        existing.roles = [role]
        existing.active = True
        db.session.commit()
    return changed


def sync_roles(
    roles: Iterable[Role], database: Any, datasets: Iterable[Any], limited: Mapping[str, bool]
) -> list[str]:
    """Give each role exactly its permissions; return those that this Superset lacks."""
    from superset.extensions import db, security_manager

    permissions = {
        is_limited: [
            ("datasource_access", dataset.perm)
            for dataset in datasets
            if not is_limited or str(dataset.uuid) in limited
        ]
        for is_limited in (False, True)
    }
    unknown: list[str] = []
    for role in roles:
        wanted = list(role.permissions)
        if role.reads_datasets:
            wanted += permissions[role.is_limited]
        if role.reads_database:
            wanted.append(("database_access", database.perm))
        held = []
        for permission, view in wanted:
            found = security_manager.find_permission_view_menu(permission, view)
            if found is None:
                unknown.append(f"{permission} on {view}")
            else:
                held.append(found)
        stored = security_manager.find_role(role.name) or security_manager.add_role(role.name)
        if {item.id for item in stored.permissions} != {item.id for item in held}:
            stored.permissions = held
    db.session.commit()
    return sorted(set(unknown))


def sync_row_rule(
    roles: Iterable[Role], datasets: Iterable[Any], limited: Mapping[str, bool], clause: str
) -> None:
    """Put Superset's own condition on the rows, besides PostgreSQL's.

    It finds no row for a login that is not a location manager's, so a connection made with the
    wrong login shows nothing instead of everything.
    """
    from superset.connectors.sqla.models import RowLevelSecurityFilter
    from superset.extensions import db, security_manager

    rule = db.session.query(RowLevelSecurityFilter).filter_by(name=ROW_RULE).one_or_none()
    if rule is None:
        rule = RowLevelSecurityFilter(name=ROW_RULE, filter_type="Regular")
        db.session.add(rule)
    rule.clause = clause
    rule.roles = [security_manager.find_role(role.name) for role in roles if role.is_limited]
    rule.tables = [dataset for dataset in datasets if limited.get(str(dataset.uuid))]
    db.session.commit()


def sync_dashboard_roles(
    roles: Iterable[Role], dashboards: Iterable[Any], open_to_limited: set[str]
) -> None:
    """Say for each dashboard of the product which roles may open it."""
    from superset.extensions import db, security_manager

    known = [(role, security_manager.find_role(role.name)) for role in roles]
    for dashboard in dashboards:
        dashboard.roles = [
            stored
            for role, stored in known
            if role.name != GUEST_ROLE
            and (not role.is_limited or str(dashboard.uuid) in open_to_limited)
        ]
    db.session.commit()
