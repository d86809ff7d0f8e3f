"""What dbt says while it works, kept to what somebody listens to."""

from __future__ import annotations

from typing import Any

from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager


class HeardEvents(EventManager):
    """Leaves out what nobody listens to.

    dbt turns each of its events into a message before it asks who wants it, some twenty a model: a
    seventh of the time of a build. Warnings go on, because dbt may have to fail because of one.

    Args:
        has_listeners: whether callbacks of ours are there, beside those that dbt adds for itself:
            they hear what dbt would print, not what it would write into its log.
    """

    def __init__(self, *, has_listeners: bool) -> None:
        super().__init__()
        self._has_listeners = has_listeners

    def fire_event(
        self,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,
    ) -> None:
        """Pass an event on if somebody hears it."""
        how = level or e.level_tag()
        is_heard = self._has_listeners and how not in (EventLevel.DEBUG, EventLevel.TEST)
        is_warning = how == EventLevel.WARN
        if self.loggers or is_heard or is_warning or force_warn_or_error_handling:
            super().fire_event(e, level, node, force_warn_or_error_handling)
