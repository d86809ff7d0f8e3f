"""Makes Superset ready in one process: schema, roles, users, dashboards; quick when repeated.

Runs inside Superset's environment; progress goes to standard output in plain words.
"""

import hashlib
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub_bi import access, settings
from hub_bi.bundle import DATABASE_UUID, Bundle, dump, read
from hub_bi.dashboards import all_dashboards
from hub_bi.localise import localise
from hub_bi.serve import CONFIG_FILE
from hub_bi.warehouse import read_facts
from hub_bi.web import CREATE_ATTEMPTS

STATE_TABLE = "hub_bi_state"
CREATE_STATE = f"create table if not exists {STATE_TABLE} (key text primary key, value text)"


def bootstrap() -> int:
    """Bring an empty or older Superset to the state that this code describes."""
    return _run(_bootstrap)


def sync() -> int:
    """Bring dashboards, roles and users up to date and drop cached results."""
    return _run(_sync)


def say(sentence: str) -> None:
    """Print one line of progress."""
    print(sentence, flush=True)


def _run(work: Callable[[Any], None]) -> int:
    _, users = access.read_roles(settings.ROLES_FILE)
    settings.secret_key()
    settings.metadata_uri()
    for user in users:
        settings.user_password(user.username)
    started = time.monotonic()
    os.environ["SUPERSET_CONFIG_PATH"] = str(CONFIG_FILE)
    logging.disable(logging.WARNING)
    say("Starting Superset ...")
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        work(app)
    say(f"Superset is ready ({time.monotonic() - started:.0f} s).")
    return 0


def _bootstrap(app: Any) -> None:
    from superset import security_manager
    from superset.extensions import appbuilder

    version = app.config["VERSION_STRING"]
    if _needs_upgrade():
        say("Preparing Superset's own database ...")
        _upgrade()
    _create_tables()
    if _state("initialised") != version:
        say("Creating permissions and built-in roles ...")
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        _remember("initialised", version)
    _install(only_if_changed=True)


def _sync(app: Any) -> None:
    if _needs_upgrade():
        raise settings.SettingsError(
            "Superset's database is not prepared: run `python -m hub_bi bootstrap` first."
        )
    _install(only_if_changed=False)
    _drop_cached_results()


def _needs_upgrade() -> bool:
    import superset
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from superset.extensions import db

    folder = Path(superset.__file__).parent / "migrations"
    with db.engine.connect() as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
    return present != set(ScriptDirectory(str(folder)).get_heads())


def _upgrade() -> None:
    import superset
    from flask_migrate import upgrade

    quiet = open(os.devnull, "w")  # noqa: PTH123, SIM115 - handed to the migrations
    shown, sys.stdout = sys.stdout, quiet
    try:
        upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
    finally:
        sys.stdout = shown
        quiet.close()
        logging.disable(logging.WARNING)


def _create_tables() -> None:
    from superset.extensions import db

    with db.engine.begin() as connection:
        connection.execute(CREATE_STATE)
        connection.execute(CREATE_ATTEMPTS)


def _state(key: str) -> str | None:
    from sqlalchemy import text
    from superset.extensions import db

    with db.engine.connect() as connection:
        found = connection.execute(
            text(f"select value from {STATE_TABLE} where key = :key"), {"key": key}
        ).scalar()
    return str(found) if found is not None else None


def _remember(key: str, value: str) -> None:
    from sqlalchemy import text
    from superset.extensions import db

    with db.engine.begin() as connection:
        connection.execute(
            text(
                f"insert into {STATE_TABLE} values (:key, :value) "
                "on conflict (key) do update set value = excluded.value"
            ),
            {"key": key, "value": value},
        )


def _install(only_if_changed: bool) -> None:
    roles, users = access.read_roles(settings.ROLES_FILE)
    changed_users = access.sync_users(users)
    say(f"Users: {len(users)} ({changed_users} created or changed).")
    boards = all_dashboards()
    files = localise(
        read(settings.ASSETS),
        boards,
        settings.business(),
        settings.warehouse_uri(),
        read_facts(boards),
    )
    fingerprint = _fingerprint(files)
    if only_if_changed and _state("installed") == fingerprint:
        say(f"Dashboards: {len(boards)}, unchanged.")
        return
    _import(files)
    pruned = _prune(files)
    charts = sum(name.startswith("charts/") for name in files)
    say(f"Dashboards: {len(boards)} with {charts} charts imported, {pruned} outdated parts removed.")
    _sync_roles(roles, files)
    _remember("installed", fingerprint)


def _fingerprint(files: Bundle) -> str:
    digest = hashlib.sha256(settings.ROLES_FILE.read_bytes())
    for name in sorted(files):
        digest.update(name.encode())
        digest.update(dump(files[name]).encode())
    return digest.hexdigest()


def _import(files: Bundle) -> None:
    from superset import security_manager
    from superset.commands.exceptions import CommandInvalidError
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    contents = {name: dump(content) for name, content in files.items()}
    with override_user(security_manager.find_user(username="admin")):
        try:
            ImportAssetsCommand(contents).run()
        except CommandInvalidError as error:
            raise settings.SettingsError(
                f"Superset refuses the dashboards in superset/assets: {error.normalized_messages()}"
            ) from error


def _prune(files: Bundle) -> int:
    """Remove what the product once installed and no longer ships; own charts stay."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    kept = {content["uuid"] for content in files.values() if "uuid" in content}
    removed = 0
    for model in (Dashboard, Slice, SqlaTable):
        for stored in db.session.query(model).filter(model.is_managed_externally.is_(True)):
            if str(stored.uuid) not in kept:
                db.session.delete(stored)
                removed += 1
    db.session.commit()
    return removed


def _sync_roles(roles: list[access.Role], files: Bundle) -> None:
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.core import Database

    database = db.session.query(Database).filter_by(uuid=DATABASE_UUID).one()
    uuids = [content["uuid"] for name, content in files.items() if name.startswith("datasets/")]
    datasets = db.session.query(SqlaTable).filter(SqlaTable.uuid.in_(uuids)).all()
    unknown = access.sync_roles(roles, database, datasets)
    say(f"Roles: {', '.join(role.name for role in roles)}.")
    for permission in unknown:
        say(f"  note: this Superset has no permission '{permission}' (roles.yaml).")


def _drop_cached_results() -> None:
    from superset.extensions import cache_manager

    cache_manager.data_cache.clear()
    cache_manager.cache.clear()
    say("Cached results dropped.")
