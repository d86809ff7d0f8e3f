"""Makes Superset ready in one process: schema, roles, users, dashboards; quick when repeated.

Runs inside Superset's environment; progress goes to standard output in plain words.
"""

import hashlib
import logging
import os
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hub_bi import access, saved_queries, settings
from hub_bi.bundle import DATABASE_UUID, Bundle, dump, read
from hub_bi.caches import drop_cached_results
from hub_bi.dashboards import all_dashboards
from hub_bi.localise import localise
from hub_bi.serve import CONFIG_FILE
from hub_bi.state import create_tables, remember, remembered
from hub_bi.warehouse import read_facts

STATE_KEY = "installed"


@dataclass(frozen=True)
class Plan:
    """All that Superset should hold; the fingerprint changes when any of it does."""

    roles: list[access.Role]
    users: list[access.User]
    row_clause: str
    open_dashboards: set[str]
    files: Bundle
    fingerprint: str


def bootstrap() -> int:
    """Bring an empty or older Superset to the state that this code describes."""
    return _run(_bootstrap, skip_if_done=True)


def sync(force: bool) -> int:
    """Bring dashboards, roles and users up to date and drop cached results.

    When nothing of that has changed since the last time, only the cached results go, which
    takes a second; `force` imports in any case.
    """
    drop_cached_results()
    return _run(_sync, skip_if_done=not force)


def say(sentence: str) -> None:
    """Print one line of progress."""
    print(sentence, flush=True)


def _run(work: Callable[[Any, Plan], None], skip_if_done: bool) -> int:
    started = time.monotonic()
    plan = _plan()
    if skip_if_done and remembered(STATE_KEY) == plan.fingerprint:
        say(f"Nothing has changed since the last time ({time.monotonic() - started:.1f} s).")
        return 0
    os.environ["SUPERSET_CONFIG_PATH"] = str(CONFIG_FILE)
    logging.disable(logging.WARNING)
    say("Starting Superset ...")
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        work(app, plan)
        remember(STATE_KEY, plan.fingerprint)
    say(f"Superset is ready ({time.monotonic() - started:.0f} s).")
    return 0


def _plan() -> Plan:
    """Gather what is wanted, without starting Superset."""
    managers = settings.managers()
    users = access.read_users(settings.ROLES_FILE, managers)
    key = settings.secret_key()
    boards = all_dashboards()
    bundle = read(settings.ASSETS)
    files = localise(
        bundle,
        boards,
        settings.business(),
        settings.warehouse_uri(),
        read_facts(boards, bundle),
    )
    digest = hashlib.sha256(version("apache-superset").encode())
    digest.update(settings.ROLES_FILE.read_bytes())
    for name in sorted(files):
        digest.update(name.encode() + dump(files[name]).encode())
    for user in users:
        digest.update(user.username.encode())
        digest.update(hashlib.scrypt(user.password.encode(), salt=key.encode(), n=2**14, r=8, p=1))
    for manager in managers.values():  # what was cached for other locations has to go
        digest.update("\n".join((manager.username, *manager.locations)).encode())
    return Plan(
        access.read_roles(settings.ROLES_FILE),
        users,
        access.read_row_clause(settings.ROLES_FILE),
        access.open_dashboards(bundle),
        files,
        digest.hexdigest(),
    )


def _bootstrap(app: Any, plan: Plan) -> None:
    from superset.extensions import appbuilder, security_manager

    running = str(app.config["VERSION_STRING"])
    if _needs_upgrade():
        say("Preparing Superset's own database ...")
        _upgrade()
    create_tables()
    if remembered("initialised") != running:
        say("Creating permissions and built-in roles ...")
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        remember("initialised", running)
    _install(plan)
    drop_cached_results()


def _sync(app: Any, plan: Plan) -> None:  # noqa: ARG001
    if _needs_upgrade():
        raise settings.SettingsError(
            "Superset's database is not prepared: run `python -m hub_bi bootstrap` first."
        )
    create_tables()
    _install(plan)


def _needs_upgrade() -> bool:
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from superset.extensions import db

    import superset

    folder = Path(superset.__file__).parent / "migrations"
    with db.engine.connect() as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
    return present != set(ScriptDirectory(str(folder)).get_heads())


def _upgrade() -> None:
    from flask_migrate import upgrade

    import superset

    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        upgrade(directory=str(Path(superset.__file__).parent / "migrations"))


def _install(plan: Plan) -> None:
    changed_users = access.sync_users(plan.users)
    say(f"Users: {len(plan.users)} ({changed_users} created or changed).")
    _import(plan.files)
    pruned = _prune(plan.files)
    boards = sum(name.startswith("dashboards/") for name in plan.files)
    charts = sum(name.startswith("charts/") for name in plan.files)
    say(f"Dashboards: {boards} with {charts} charts imported, {pruned} outdated parts removed.")
    _sync_roles(plan)
    _sync_queries(plan)


def _import(files: Bundle) -> None:
    from superset.commands.exceptions import CommandInvalidError
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.extensions import security_manager
    from superset.utils.core import override_user

    contents = {
        name: dump(content)
        for name, content in files.items()
        if not name.startswith(saved_queries.FOLDER)
    }
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


def _sync_queries(plan: Plan) -> None:
    from superset.extensions import db
    from superset.models.core import Database

    database = db.session.query(Database).filter_by(uuid=DATABASE_UUID).one()
    writers = {role.name for role in plan.roles if role.reads_database} | {access.ADMIN_ROLE}
    usernames = [user.username for user in plan.users if user.role in writers]
    count = saved_queries.sync(plan.files, usernames, database)
    say(f"Worked questions: {count} among the saved queries of {', '.join(usernames)}.")


def _sync_roles(plan: Plan) -> None:
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard

    database = db.session.query(Database).filter_by(uuid=DATABASE_UUID).one()
    datasets = _stored(SqlaTable, plan.files, "datasets/")
    limited = access.open_datasets(plan.files)
    unknown = access.sync_roles(plan.roles, database, datasets, limited)
    access.sync_row_rule(plan.roles, datasets, limited, plan.row_clause)
    dashboards = _stored(Dashboard, plan.files, "dashboards/")
    access.sync_dashboard_roles(plan.roles, dashboards, plan.open_dashboards)
    say(f"Roles: {', '.join(role.name for role in plan.roles)}.")
    for permission in unknown:
        say(f"  note: this Superset has no permission '{permission}' (roles.yaml).")


def _stored(model: Any, files: Bundle, folder: str) -> list[Any]:
    from superset.extensions import db

    uuids = [content["uuid"] for name, content in files.items() if name.startswith(folder)]
    stored: list[Any] = db.session.query(model).filter(model.uuid.in_(uuids)).all()
    return stored
