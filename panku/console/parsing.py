"""How commands read their words: an option that takes one value is given once, and faults are told in one line."""

import argparse
from typing import Any, NoReturn

from panku.console.terminal import visible


class Parser(argparse.ArgumentParser):
    """A parser, and what its subcommands are parsed by, in which no word pushes an earlier one aside unseen."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.register("action", None, _Once)

    def error(self, message: str) -> NoReturn:
        """Tell bad use, with the words it was given made visible."""
        super().error(visible(message))


class _Once(argparse.Action):
    """Keeps a value as argparse does by itself, but not a second one: `--site BJ01 --site TJ01` is bad use."""

    given = False

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if self.given:
            raise argparse.ArgumentError(self, "given twice; it takes one value")
        self.given = True  # of this parsing: each command makes its parser anew
        setattr(namespace, self.dest, values)
