"""The operating guide's own lines: commands that `panku` takes, and a backup of running books that verifies."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from devices.database import Store
from devices.ledger.verify import verify
from panku.commands import parser
from panku.wiring import RECORD_KINDS
from tests.conftest import Stores
from tests.door import Door, move

GUIDE = (Path(__file__).parents[1] / "docs" / "operating.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^ *```sh\n(.*?)^ *```", GUIDE, re.MULTILINE | re.DOTALL)
LINES = [line.strip() for block in BLOCKS for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("line", [line for line in LINES if ".venv/bin/panku" in line])
def test_a_command_line_of_the_guide_is_one_that_panku_takes(line: str) -> None:
    words = shlex.split(line.partition(".venv/bin/panku ")[2])
    assert parser(words[0]).parse_args(words).command == words[0]


def test_the_guides_backup_of_running_books_holds_them_whole(stores: Stores, tmp_path: Path) -> None:
    door = Door(stores.fresh("sqlite"))
    assert door.sign_in("zhang").post("/v1/documents", move()).status_code == 201
    (line,) = [line for line in LINES if "VACUUM INTO" in line]
    copy = tmp_path / "copy.sqlite3"
    script = shlex.split(line)[2].replace("data/panku.sqlite3", str(door.store.db.database))
    script = re.sub(r"INTO '[^']+'", f"INTO '{copy}'", script)
    subprocess.run([sys.executable, "-c", script], check=True)
    restored = Store(f"sqlite:///{copy}")
    report = verify(restored, RECORD_KINDS)
    assert not report.faults
    lines = "SELECT COUNT(*) FROM line"
    assert restored.row(lines) == door.store.row(lines)
    stores.drop(door.store)
