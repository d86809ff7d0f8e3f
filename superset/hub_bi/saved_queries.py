"""Worked questions as saved queries of SQL Lab, for everyone who may write SQL.

Superset shows a saved query to whom it belongs and to nobody else, so each of them gets their own.
"""

import json
from collections.abc import Iterable
from typing import Any

from hub_bi.bundle import Bundle
from hub_bi.identity import stable_uuid
from hub_bi.state import remember, remembered

FOLDER = "queries/"
STATE_KEY = "saved_queries"


def sync(files: Bundle, usernames: Iterable[str], database: Any) -> int:
    """Bring the queries of the bundle to these users, and take back what it no longer ships.

    What they saved themselves stays. Returns how many queries each has.
    """
    from superset.commands.query.importers.v1.utils import import_saved_query
    from superset.extensions import db, security_manager
    from superset.models.sql_lab import SavedQuery
    from superset.utils.core import override_user

    queries = {name: content for name, content in files.items() if name.startswith(FOLDER)}
    kept = []
    for username in usernames:
        user = security_manager.find_user(username=username)
        for name, content in queries.items():
            kept.append(str(stable_uuid("query", f"{username}/{name}")))
            with override_user(user):
                saved = import_saved_query(
                    {**content, "uuid": kept[-1], "db_id": database.id}, overwrite=True
                )
                saved.user_id = user.id
    gone = set(json.loads(remembered(STATE_KEY) or "[]")) - set(kept)
    for saved in db.session.query(SavedQuery).filter(SavedQuery.uuid.in_(gone)):
        db.session.delete(saved)
    db.session.commit()
    remember(STATE_KEY, json.dumps(kept))
    return len(queries)
