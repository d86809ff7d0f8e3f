"""When the dashboards are up to date, and noting that they are."""

import hashlib
from contextlib import AbstractContextManager

from orchestration.dbt import project_digest
from orchestration.ops import services
from orchestration.planning.items import digest_of
from orchestration.planning.work import noted
from warehouse.database import Warehouse

DASHBOARDS = "publication.dashboards"


def dashboards_digest(warehouse: Warehouse) -> str:
    """Changes with all that Superset gets: pages, models, people, and the day it starts from."""
    pages = hashlib.sha256()
    for file in sorted((*services.SUPERSET_ROOM.glob("assets/**/*.yaml"),
                        *services.SUPERSET_ROOM.glob("*.py"),
                        *services.SUPERSET_ROOM.glob("hub_bi/**/*.py"))):  # fmt: skip
        pages.update(file.read_bytes())
    settings = warehouse.business.model_dump(mode="json")
    day = services.as_of_date(warehouse)
    return digest_of([pages.hexdigest(), project_digest(), settings, day])


def dashboards_noted(warehouse: Warehouse) -> AbstractContextManager[None]:
    """Bring Superset up to date, and note that nothing of it is due if nothing is raised."""
    return noted(warehouse, DASHBOARDS, dashboards_digest(warehouse))
