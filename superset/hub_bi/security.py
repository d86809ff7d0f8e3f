"""Superset's rules of access, asked of the database less often.

A chart asks a dozen times whether the same roles may do the same things, and who asks is loaded
for each request.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from superset.security import SupersetSecurityManager

from hub_bi.logins import may_be_guest

# A permission that is taken away from a role holds so long; whose roles are taken away loses them
# at once.
REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 10_000


class RememberingSecurityManager(SupersetSecurityManager):  # type: ignore[misc]
    """Asks once in a while what roles, and those who are not signed in, may do."""

    _known: dict[tuple[str, str, tuple[int, ...]], tuple[float, bool]] = {}  # noqa: RUF012
    _lock = threading.Lock()

    def get_user_by_id(self, pk: int) -> Any:
        """Return a user with his roles and groups in one query, as each request needs them all."""
        from sqlalchemy.orm import joinedload

        user = self.user_model
        return self.session.get(user, pk, options=[joinedload(user.roles), joinedload(user.groups)])

    def parse_jwt_guest_token(self, raw_token: str) -> dict[str, Any]:
        """Return what a guest's token says, if it names who may be a guest.

        Answers are kept by user name: a forged name would be given what its bearer was shown.

        Raises:
            PermissionError: The token names somebody who is no location manager.
        """
        token: dict[str, Any] = super().parse_jwt_guest_token(raw_token)
        if not may_be_guest(token):
            raise PermissionError("The guest's token names nobody who may be a guest.")
        return token

    def exist_permission_on_roles(
        self, view_name: str, permission_name: str, role_ids: list[int]
    ) -> bool:
        """Return whether one of the roles has the permission."""
        ask = super().exist_permission_on_roles
        return self._remembered(
            (view_name, permission_name, tuple(sorted(role_ids))),
            lambda: bool(ask(view_name, permission_name, role_ids)),
        )

    def get_rls_filters(self, table: Any) -> list[Any]:
        """Return Superset's own row filters, of which there are none unless somebody adds some.

        PostgreSQL decides about rows; asking for these costs an eighth of a cached chart.
        """
        from superset.connectors.sqla.models import RowLevelSecurityFilter

        are_there_any = self._remembered(
            ("row level security", "exists", ()),
            lambda: self.session.query(RowLevelSecurityFilter.id).first() is not None,
        )
        return list(super().get_rls_filters(table)) if are_there_any else []

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Return whether nobody has to sign in for it."""
        ask = super().is_item_public
        return self._remembered(
            (view_name, permission_name, ()), lambda: bool(ask(permission_name, view_name))
        )

    def _remembered(self, key: tuple[str, str, tuple[int, ...]], ask: Callable[[], bool]) -> bool:
        now = time.monotonic()
        asked_at, allowed = self._known.get(key, (0.0, False))
        if asked_at and now - asked_at < REMEMBERED_SECONDS:
            return allowed
        allowed = ask()
        with self._lock:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = (now, allowed)
        return allowed
