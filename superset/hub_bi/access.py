"""Roles and users as `roles.yaml` describes them, brought into Superset.

Permissions that the file does not name are taken away: the file is the whole truth.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hub_bi import settings

ADMIN_ROLE = "Admin"


@dataclass(frozen=True)
class Role:
    """A role: fixed permissions, and whether it may query the warehouse freely."""

    name: str
    permissions: tuple[tuple[str, str], ...]
    reads_datasets: bool
    reads_database: bool


@dataclass(frozen=True)
class User:
    """A user that the product creates."""

    username: str
    first_name: str
    last_name: str
    role: str


def read_roles(path: Path) -> tuple[list[Role], list[User]]:
    """Return the roles (with inherited permissions) and users of a roles file."""
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
        )
    users = [User(username=name, **described) for name, described in content["users"].items()]
    return list(roles.values()), users


def sync_users(users: Iterable[User]) -> int:
    """Create users or bring their role and password up to date; return how many changed."""
    from superset.extensions import db, security_manager
    from werkzeug.security import check_password_hash

    changed = 0
    for user in users:
        password = settings.user_password(user.username)
        role = security_manager.find_role(user.role) or security_manager.add_role(user.role)
        existing = security_manager.find_user(username=user.username)
        if existing is None:
            changed += 1
            security_manager.add_user(
                user.username,
                user.first_name,
                user.last_name,
                f"{user.username}@hub.invalid",
                role,
                password=password,
            )
            continue
        if not check_password_hash(existing.password, password):
            changed += 1
            security_manager.reset_password(existing.id, password)
        if [held.name for held in existing.roles] != [user.role]:
            changed += 1
            existing.roles = [role]
            db.session.commit()
    return changed


def sync_roles(roles: Iterable[Role], database: Any, datasets: Iterable[Any]) -> list[str]:
    """Give each role exactly its permissions; return those that this Superset lacks."""
    from superset.extensions import db, security_manager

    dataset_permissions = [("datasource_access", dataset.perm) for dataset in datasets]
    unknown: list[str] = []
    for role in roles:
        wanted = list(role.permissions)
        if role.reads_datasets:
            wanted += dataset_permissions
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
