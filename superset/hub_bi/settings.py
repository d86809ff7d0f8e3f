"""What the environment tells the BI room, read in one place and checked with plain errors.

No other module reads `os.environ`, and nothing here ever prints a secret.
"""

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

ROOM = Path(__file__).resolve().parent.parent
ASSETS = ROOM / "assets"
ROLES_FILE = ROOM / "roles.yaml"


class SettingsError(RuntimeError):
    """A setting is missing or unusable; the message names the variable and the fix."""


@dataclass(frozen=True)
class Business:
    """What the dashboards need to know about the business they are installed for."""

    name: str
    currency: str
    as_of_date: date | None


@dataclass(frozen=True)
class Manager:
    """A location manager: what the user signs in with, and the own login in the warehouse."""

    username: str
    password: str = field(repr=False)
    warehouse_user: str
    warehouse_password: str = field(repr=False)
    locations: tuple[str, ...]


def required(name: str, purpose: str, environment: Mapping[str, str] | None = None) -> str:
    """Return a required variable; raise SettingsError that says what it is for."""
    value = (os.environ if environment is None else environment).get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set. It is {purpose}. `hub up` sets it for you.")
    return value


def secret_key() -> str:
    """Return Superset's secret key (sessions, stored settings); at least 32 characters."""
    key = required("SUPERSET_SECRET_KEY", "the key that signs Superset's sessions")
    if len(key) < 32:
        raise SettingsError(
            "SUPERSET_SECRET_KEY is too short: use at least 32 random characters, "
            "for example from `openssl rand -base64 42`."
        )
    return key


def metadata_uri() -> str:
    """Return the SQLAlchemy address of Superset's own PostgreSQL database."""
    return required(
        "SUPERSET_METADATA_URI",
        "the address of Superset's own PostgreSQL database (postgresql+psycopg2://...)",
    )


def warehouse_uri() -> str:
    """Return the warehouse's address for bi_reader, which must carry no password."""
    uri = required(
        "HUB_BI_URI",
        "the warehouse's address without a password (postgresql+psycopg2://bi_reader@host/db)",
    )
    account = uri.split("://", 1)[-1].rsplit("@", 1)[0]
    if "@" in uri and ":" in account:
        raise SettingsError("HUB_BI_URI holds a password. Leave it out and set HUB_BI_PASSWORD.")
    return uri


def warehouse_password() -> str:
    """Return the password of the warehouse role bi_reader."""
    return required("HUB_BI_PASSWORD", "the password of the warehouse role bi_reader")


def managers() -> dict[str, Manager]:
    """Return the location managers by user name, as the private file says at this moment.

    Web workers ask for each connection: who was taken out of the file is out.
    """
    path = os.environ.get("HUB_BI_MANAGERS_FILE", "").strip()
    if not path:
        return {}
    status = Path(path).stat()
    return _managers_in(path, (status.st_mtime_ns, status.st_ino, status.st_size))


@functools.lru_cache(maxsize=1)
def _managers_in(path: str, version: tuple[int, ...]) -> dict[str, Manager]:
    """Return what one version of the file says."""
    del version
    described = json.loads(Path(path).read_text(encoding="utf-8"))
    return {
        name: Manager(username=name, **(values | {"locations": tuple(values["locations"])}))
        for name, values in described.items()
    }


def embedding_addresses() -> list[str]:
    """Return the sites that may show dashboards in their pages; none switches embedding off."""
    return os.environ.get("HUB_BI_EMBEDDING_ADDRESSES", "").split()


def guest_token_secret() -> str:
    """Return the key that signs the tokens of embedded guests."""
    return required("SUPERSET_GUEST_TOKEN_SECRET", "the key that signs the tokens of guests")


def user_password(username: str) -> str:
    """Return the password a Superset user signs in with."""
    return required(
        f"SUPERSET_{username.upper()}_PASSWORD", f"the password of the user `{username}`"
    )


def redis_url() -> str | None:
    """Return Redis' address, or None: everything works without it, with less caching."""
    return os.environ.get("REDIS_URL", "").strip() or None


def cache_folder() -> Path:
    """Return a folder that only this account can read, for cached results (HUB_BI_CACHE_DIR)."""
    chosen = os.environ.get("HUB_BI_CACHE_DIR", "").strip()
    if chosen:
        folder = Path(chosen)
    else:
        database = hashlib.sha256(metadata_uri().encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"hub-bi-{os.getuid()}-{database}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise SettingsError(
            f"{folder} can be written by others, so results must not be cached there. "
            "Set HUB_BI_CACHE_DIR to a private folder."
        )
    return folder


def manifest_path() -> Path:
    """Return where dbt wrote the manifest that the bundle is built from."""
    path = Path(required("HUB_DBT_MANIFEST", "the path of dbt's manifest.json (`dbt parse`)"))
    if not path.is_file():
        raise SettingsError(f"HUB_DBT_MANIFEST is {path}, which is not there: run `dbt parse`.")
    return path


def business() -> Business:
    """Return the business's name, currency (ISO 4217) and the last day its records reach."""
    as_of = os.environ.get("HUB_AS_OF_DATE", "").strip()
    try:
        as_of_date = date.fromisoformat(as_of) if as_of else None
    except ValueError as error:
        raise SettingsError(
            f"HUB_AS_OF_DATE is '{as_of}', which is not a date: write it like 2015-12-31."
        ) from error
    return Business(
        name=os.environ.get("HUB_BUSINESS_NAME", "").strip() or "Small Business Intelligence Hub",
        currency=os.environ.get("HUB_CURRENCY", "").strip().upper() or "USD",
        as_of_date=as_of_date,
    )
