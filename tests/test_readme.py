"""The README's walk through, run as a reader would: `panku serve`, then its own shell lines."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.readme import story

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A checkout's own commands, a served database of its own, and the environment to reach it."""
    folder = tmp_path_factory.mktemp("readme")
    for name in (".venv", "examples"):
        (folder / name).symlink_to(ROOT / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PANKU_")}
    environment = {
        **kept,
        "PANKU_DATABASE_URL": f"sqlite:///{folder}/panku.sqlite3",
        "PANKU_PORT": port,
        "PANKU": f"http://127.0.0.1:{port}",
        "FOLDER": str(folder),
    }
    server_environment = {
        name: value for name, value in environment.items() if name not in ("PANKU", "FOLDER")
    }
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [ROOT / ".venv/bin/panku", "serve"], cwd=folder, env=server_environment, stdout=log, stderr=log
        )
    try:
        wait_for(environment["PANKU"] + "/readyz")
        yield environment
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def wait_for(url: str) -> None:
    """Until the server answers, at most half a minute."""
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_readmes_own_lines_tell_the_whole_story(environment: dict[str, str]) -> None:
    *life, forge, verify, tamper = story()
    lived = shell("\n".join(life), environment)
    assert lived.returncode == 0, lived.stdout + lived.stderr
    assert '"replaced_by":"661565720011"' in lived.stdout
    assert (
        lived.stdout.count('"replaces":"661565714353"') >= 2
    )  # what the customer got, and what the maker sent
    assert [f'"{result}"' in lived.stdout for result in ("surplus", "shortage", "wrong_zone")] == [True] * 3
    assert "the evidence holds" in lived.stdout
    forged = shell(forge, environment)
    assert "the evidence does not hold" in forged.stdout, forged.stdout + forged.stderr
    assert forged.returncode != 0
    holds = shell(verify, environment)
    assert (holds.returncode, "all hold" in holds.stdout) == (0, True), holds.stdout + holds.stderr
    fails = shell(tamper, environment)
    assert fails.returncode == 1, fails.stdout + fails.stderr
    assert "661565714353" in fails.stdout or "line" in fails.stdout


def shell(lines: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run lines in bash, in the folder, stopping at the first that fails."""
    known = {name: value for name, value in environment.items() if name != "PANKU"}
    text = f"PANKU={environment['PANKU']}\nset -e -o pipefail\n{lines}"
    return subprocess.run(
        ["bash", "-c", text],
        cwd=environment["FOLDER"],
        env=known,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
