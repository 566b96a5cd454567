"""The README's walk through, run as a reader would: `panku serve`, then its own shell lines."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.readme import story
from tests.serving import environment_for, free_port, wait_for_server

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A checkout's own commands, a served database of its own, and the environment to reach it."""
    folder = tmp_path_factory.mktemp("readme")
    for name in (".venv", "examples"):
        (folder / name).symlink_to(ROOT / name)
    port = str(free_port())
    settings = environment_for(database_url=f"sqlite:///{folder}/panku.sqlite3", port=port)
    environment = {**settings, "PANKU": f"http://127.0.0.1:{port}", "FOLDER": str(folder)}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [ROOT / ".venv/bin/panku", "serve"], cwd=folder, env=settings, stdout=log, stderr=log
        )
    try:
        wait_for_server(environment["PANKU"])
        yield environment
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


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
