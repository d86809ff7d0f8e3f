"""With which login of PostgreSQL somebody asks the warehouse; PostgreSQL then decides what he sees.

No login but a location manager's own ever shows him rows, and nobody is given one by default.
"""

from collections.abc import Iterable
from typing import Any

from hub_bi import settings
from hub_bi.access import ADMIN_ROLE, GUEST_ROLE, MANAGER_ROLE

READERS = frozenset({"owner", "analyst", "engineer", ADMIN_ROLE})
REFUSAL = "This account may not ask the warehouse."


def login_of(
    username: str, roles: Iterable[str], managers: dict[str, settings.Manager]
) -> tuple[str | None, str] | None:
    """Return user (None: the one of the address) and password in the warehouse, None for nobody.

    The role that may see least decides: a manager stays one whatever else he is.
    """
    held = set(roles)
    if username in managers or held & {MANAGER_ROLE, GUEST_ROLE}:
        manager = managers.get(username)
        return manager and (manager.warehouse_user, manager.warehouse_password)
    if held & READERS:
        return None, settings.warehouse_password()
    return None


def sign_in_to_warehouse(
    uri: Any, params: dict[str, Any], username: str | None, security_manager: Any, source: Any
) -> tuple[Any, dict[str, Any]]:
    """Return the address with the login of who is signed in; Superset calls this to connect."""
    from flask import g
    from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
    from superset.exceptions import SupersetSecurityException

    del username, source  # a guest's name is his own choice; the user object is not
    user = getattr(g, "user", None)
    login = None
    if user is not None and not user.is_anonymous:
        roles = [role.name for role in security_manager.get_user_roles(user)]
        login = login_of(user.username, roles, settings.managers())
    if login is None:
        raise SupersetSecurityException(
            SupersetError(
                message=REFUSAL,
                error_type=SupersetErrorType.DATABASE_SECURITY_ACCESS_ERROR,
                level=ErrorLevel.ERROR,
            )
        )
    warehouse_user, password = login
    return uri.set(username=warehouse_user or uri.username, password=password), params


def may_be_guest(token: dict[str, Any]) -> bool:
    """Whether a guest's token may be made: a guest sees what a location manager sees."""
    return token["user"].get("username") in settings.managers()
