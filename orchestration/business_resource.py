"""The business a run is for, opened only when a step asks for it, so definitions load anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from warehouse.business import Business, load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.errors import HubError
from warehouse.vault import Vault, open_vault

BUSINESS_VARIABLE = "HUB_BUSINESS"


class BusinessResource(dg.ConfigurableResource[Business]):
    """Opens the business of ``folder``, or of ``HUB_BUSINESS``."""

    folder: str = ""

    def path(self) -> Path:
        """The folder of the business.

        Raises:
            HubError: neither is set.
        """
        chosen = self.folder or os.environ.get(BUSINESS_VARIABLE)
        if not chosen:
            raise HubError(
                "Which business is it?",
                fix=f"Set {BUSINESS_VARIABLE} to its folder, or use hub up.",
            )
        return Path(chosen)

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
