"""The business a run is for, opened only when a step asks for it, so definitions load anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from warehouse.business import Business, load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT
from warehouse.vault import Vault, open_vault

BUSINESS_VARIABLE = "HUB_BUSINESS"
DEMO_BUSINESS = PROJECT_ROOT / "sandbox" / "samples" / "pizza"


class BusinessResource(dg.ConfigurableResource[Business]):
    """Opens the business of ``folder``, or of ``HUB_BUSINESS``, or the sample restaurant."""

    folder: str = ""

    def path(self) -> Path:
        """The folder of the business."""
        return Path(self.folder or os.environ.get(BUSINESS_VARIABLE) or DEMO_BUSINESS)

    def business(self) -> Business:
        """The settings of the business."""
        return load_business(self.path())

    def warehouse(self) -> Warehouse:
        """The business's warehouse, prepared if it is new."""
        return open_warehouse(self.business())

    def vault(self, warehouse: Warehouse) -> Vault:
        """The vault of personal data."""
        return open_vault(warehouse)


def user_failure(error: HubError) -> dg.Failure:
    """An error the user can mend, as Dagster shows it: in words, without a stack trace."""
    return dg.Failure(description=str(error), allow_retries=False)
