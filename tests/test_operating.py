"""The operating guide's own lines: commands that `panku` takes."""

import re
import shlex
from pathlib import Path

import pytest

from panku.commands import parser

GUIDE = (Path(__file__).parents[1] / "docs" / "operating.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^ *```sh\n(.*?)^ *```", GUIDE, re.MULTILINE | re.DOTALL)
LINES = [line.strip() for block in BLOCKS for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("line", [line for line in LINES if ".venv/bin/panku" in line])
def test_a_command_line_of_the_guide_is_one_that_panku_takes(line: str) -> None:
    words = shlex.split(line.partition(".venv/bin/panku ")[2])
    assert parser(words[0]).parse_args(words).command == words[0]
