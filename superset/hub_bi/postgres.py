"""One way to reach PostgreSQL without Superset: an SQLAlchemy address and a password."""

from typing import Any

from hub_bi.settings import SettingsError


def connect(uri: str, password: str | None, what: str, variable: str) -> Any:
    """Return a psycopg2 connection; SettingsError says what does not answer and where to look."""
    import psycopg2
    from sqlalchemy.engine import make_url

    url = make_url(uri)
    arguments: dict[str, Any] = {
        "host": url.host,
        "port": url.port or 5432,
        "dbname": url.database,
        "user": url.username,
        "password": password if password is not None else url.password,
        "connect_timeout": 10,
        **url.query,
    }
    try:
        return psycopg2.connect(**arguments)
    except psycopg2.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise SettingsError(
            f"{what} '{url.database}' at {url.host}:{arguments['port']} does not answer as "
            f"{url.username} ({reason}). Is it running, and is {variable} right?"
        ) from error
