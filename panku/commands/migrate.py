"""`panku migrate`: apply pending migrations, or note a change of the schema that its operator made on purpose."""

import argparse

from devices.store import schema
from panku.commands import DONE
from panku.console.opening import reachable
from panku.console.terminal import say
from panku.settings import Settings


def declare(parser: argparse.ArgumentParser) -> None:
    """Its one flag."""
    parser.add_argument(
        "--accept",
        action="store_true",
        help="note a change of the schema that you made on purpose, such as an index of your own; it mends nothing",
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Migrate, telling each migration; with --accept, tell each difference that is accepted."""
    with reachable(settings) as store:
        if arguments.accept:
            for difference in schema.accept(store):
                say(f"accepted: {difference}")
        applied = schema.migrate(store)
        for name in applied:
            say(f"applied: {name}")
        schema.check_schema(store)
    if not applied:
        say("The database has this version's schema already.")
    return DONE
