"""Whether the location managers of ``business.toml`` have locations that exist."""

from __future__ import annotations

import psycopg

from warehouse.database import Warehouse
from warehouse.errors import HubError


def unknown_locations(warehouse: Warehouse) -> list[HubError]:
    """One problem per manager who is given a location that no source and no setting knows.

    Before the first run nothing is known of the sources, so nothing is said.
    """
    named = warehouse.business.location_managers
    if not named:
        return []
    with warehouse.connect("analyst") as connection:
        try:
            found = connection.execute("select location_name from dim_locations").fetchall()
        except psycopg.errors.UndefinedTable:
            return []
    known = sorted(name for (name,) in found)
    missing = {
        manager.user: [name for name in manager.locations if name not in known] for manager in named
    }
    return [
        HubError(
            f"{user} sees nothing of {', '.join(names)}: no location has that name.",
            fix=f"Name one of these in location_managers of business.toml: {', '.join(known)}",
        )
        for user, names in missing.items()
        if names
    ]
