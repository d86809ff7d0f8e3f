"""The command line of the BI room: build, check, bootstrap, sync and serve."""

import argparse
import sys
from collections.abc import Sequence

from hub_bi import bundle
from hub_bi.dashboards import all_dashboards
from hub_bi.semantics import SemanticsError, read_manifest, read_questions
from hub_bi.settings import ASSETS, SettingsError, manifest_path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code (0 = done, 1 = something is in the way)."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (SettingsError, SemanticsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hub_bi", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="write superset/assets from dbt's manifest")
    build.add_argument("--check", action="store_true", help="only say whether it is up to date")
    build.set_defaults(run=_build)
    bootstrap = commands.add_parser("bootstrap", help="make Superset ready, from nothing or again")
    bootstrap.set_defaults(run=_bootstrap)
    sync = commands.add_parser("sync", help="bring dashboards, roles and users up to date")
    sync.add_argument("--force", action="store_true", help="import even what has not changed")
    sync.set_defaults(run=_sync)
    serve = commands.add_parser("serve", help="serve Superset on this machine")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8088)
    serve.add_argument("--workers", type=int, default=2)
    serve.set_defaults(run=_serve)
    return parser


def _build(options: argparse.Namespace) -> int:
    files = bundle.build(all_dashboards(), read_manifest(manifest_path()))
    files |= bundle.saved_queries(read_questions(manifest_path()))
    if not options.check:
        bundle.write(files, ASSETS)
        print(f"Wrote {len(files)} files to superset/assets.")
        return 0
    stale = bundle.differences(files, ASSETS)
    for sentence in stale:
        print(sentence)
    print("Run `python -m hub_bi build`." if stale else "superset/assets is up to date.")
    return 1 if stale else 0


def _bootstrap(_: argparse.Namespace) -> int:
    from hub_bi.install import bootstrap

    return bootstrap()


def _sync(options: argparse.Namespace) -> int:
    from hub_bi.install import sync

    return sync(force=options.force)


def _serve(options: argparse.Namespace) -> int:
    from hub_bi.serve import serve

    return serve(host=options.host, port=options.port, workers=options.workers)


if __name__ == "__main__":
    sys.exit(main())
