"""Makes Superset ready in one process: schema, roles, users, dashboards; quick when repeated.

Runs inside Superset's environment; progress goes to standard output in plain words.
"""

import hashlib
import json
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
from hub_bi.bundle import DATABASE_UUID, METADATA_FILE, Bundle, read
from hub_bi.caches import drop_cached_results
from hub_bi.dashboards import all_dashboards
from hub_bi.localise import localise
from hub_bi.serve import CONFIG_FILE
from hub_bi.state import create_tables, remember, remembered
from hub_bi.warehouse import read_facts

STATE_KEY, INITIALISED = "installed", "initialised"
ACCESS, SUPERSET = "access", "superset"
# They hold the dates that dashboards open on, which move on each day.
DAILY = ("dashboards/", "charts/")

Digests = dict[str, str]


@dataclass(frozen=True)
class Plan:
    """All that Superset should hold.

    `digests` changes with each part of it: each file by its name, who may do what as `ACCESS`,
    and Superset itself as `SUPERSET`.
    """

    roles: list[access.Role]
    users: list[access.User]
    row_clause: str
    open_dashboards: set[str]
    files: Bundle
    digests: Digests


def bootstrap() -> int:
    """Bring an empty or older Superset to the state that this code describes.

    Cached results go: the data may have changed while it was stopped.
    """
    drop_cached_results()
    return _run(_bootstrap)


def sync(force: bool) -> int:
    """Bring dashboards, roles and users up to date and drop cached results.

    When nothing of that has changed since the last time, only the cached results go, which
    takes a second, and otherwise only what has changed is imported; `force` imports all.
    """
    drop_cached_results()
    return _run(_sync, forced=force)


def say(sentence: str) -> None:
    """Print one line of progress."""
    print(sentence, flush=True)


def _run(work: Callable[[Any, Plan, Digests], None], *, forced: bool = False) -> int:
    started = time.monotonic()
    plan = _plan()
    known = _installed()
    if not forced and known == plan.digests:
        say(f"Nothing has changed since the last time ({time.monotonic() - started:.1f} s).")
        return 0
    os.environ["SUPERSET_CONFIG_PATH"] = str(CONFIG_FILE)
    logging.disable(logging.WARNING)
    say("Starting Superset ...")
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        work(app, plan, {} if forced else known)
        remember(STATE_KEY, json.dumps(plan.digests))
    say(f"Superset is ready ({time.monotonic() - started:.0f} s).")
    return 0


def _installed() -> Digests:
    """The digests of what was installed last."""
    try:
        known = json.loads(remembered(STATE_KEY) or "{}")
    except json.JSONDecodeError:  # of a version that remembered one digest of everything
        return {}
    return {str(name): str(digest) for name, digest in known.items()}


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
    digest = hashlib.sha256(settings.ROLES_FILE.read_bytes())
    for user in users:
        digest.update(user.username.encode())
        digest.update(hashlib.scrypt(user.password.encode(), salt=key.encode(), n=2**14, r=8, p=1))
    for manager in managers.values():  # what was cached for other locations has to go
        digest.update("\n".join((manager.username, *manager.locations)).encode())
    digests = {name: _digest(json.dumps(files[name], sort_keys=True)) for name in files}
    digests |= {ACCESS: digest.hexdigest(), SUPERSET: version("apache-superset")}
    return Plan(
        access.read_roles(settings.ROLES_FILE),
        users,
        access.read_row_clause(settings.ROLES_FILE),
        access.open_dashboards(bundle),
        files,
        digests,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _bootstrap(app: Any, plan: Plan, known: Digests) -> None:
    from superset.extensions import appbuilder, security_manager

    running = str(app.config["VERSION_STRING"])
    if _needs_upgrade():
        say("Preparing Superset's own database ...")
        _upgrade()
    create_tables()
    if remembered(INITIALISED) != running:
        say("Creating permissions and built-in roles ...")
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        remember(INITIALISED, running)
    _install(plan, known)
    drop_cached_results()


def _sync(app: Any, plan: Plan, known: Digests) -> None:
    if remembered(INITIALISED) != str(app.config["VERSION_STRING"]):
        raise settings.SettingsError(
            "Superset's database is not prepared: run `python -m hub_bi bootstrap` first."
        )
    create_tables()
    _install(plan, known)


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


def _install(plan: Plan, known: Digests) -> None:
    is_known = known.get(SUPERSET) == plan.digests[SUPERSET]
    changed = {name for name in plan.files if not is_known or known.get(name) != plan.digests[name]}
    only_days_moved = is_known and _without_days(known) == _without_days(plan.digests)
    if not only_days_moved:  # the import needs its administrator
        changed_users = access.sync_users(plan.users)
        say(f"Users: {len(plan.users)} ({changed_users} created or changed).")
    _import({name: plan.files[name] for name in changed | {METADATA_FILE}}, adds=is_known)
    boards = sum(name.startswith("dashboards/") for name in changed)
    charts = sum(name.startswith("charts/") for name in changed)
    say(f"Dashboards: {boards} with {charts} charts imported.")
    if not only_days_moved:
        say(f"Outdated parts removed: {_prune(plan.files)}.")
        _sync_roles(plan)
        _sync_queries(plan)


def _without_days(digests: Digests) -> Digests:
    """The digests without those of parts that change with the day; their names remain."""
    return {name: "" if name.startswith(DAILY) else digest for name, digest in digests.items()}


def _import(files: Bundle, *, adds: bool) -> None:
    """Import files of the bundle; where it adds to what is there, others may be missing."""
    from superset.commands.exceptions import CommandInvalidError
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.extensions import security_manager
    from superset.utils.core import override_user

    # JSON is YAML, too, and written in a moment.
    contents = {
        name: json.dumps(content, ensure_ascii=False)
        for name, content in files.items()
        if not name.startswith(saved_queries.FOLDER)
    }
    with override_user(security_manager.find_user(username="admin")):
        try:
            ImportAssetsCommand(contents, sparse=adds).run()
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
