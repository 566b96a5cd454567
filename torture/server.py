"""`panku serve` of a place, in a process group that can be killed, stopped and started again."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.forks import FORKS, run
from tests.serving import free_port
from torture.places import Place, children_of

START_SECONDS = 60.0
LOG = "panku.log"


def apart(folder: Path, environment: dict[str, str], words: list[str], ahead_us: int) -> None:
    """A command of `panku` in this process, which heads a group of its own; its clock is so far ahead."""
    os.setsid()
    if ahead_us:
        right = time.time_ns
        time.time_ns = lambda: right() + ahead_us * 1000  # the one clock: panku.wiring.clock
    run(folder, environment, words, LOG)


class Served:
    """The server of a place, on a port that stays its own from start to start."""

    def __init__(self, place: Place, **settings: str) -> None:
        self.place, self.port = place, free_port()
        self.settings = {"port": str(self.port), **settings}
        self._process: Any = None

    def start(self, ahead_us: int = 0) -> None:
        """Start it, and wait until it is ready."""
        self.begin(ahead_us)
        last = time.monotonic() + START_SECONDS
        while self.look("/readyz")[0] != 200:
            if time.monotonic() > last:
                log = (self.place.folder / LOG).read_text()[-2000:]
                raise RuntimeError(f"the server did not get ready: {self.look('/readyz')}\n{log}")
            time.sleep(0.02)

    def begin(self, ahead_us: int = 0) -> None:
        """Start it, and do not wait."""
        self._process = self.command(["serve"], ahead_us)

    def command(self, words: list[str], ahead_us: int = 0) -> Any:
        """Begin any command on the same books."""
        environment = self.place.environment(**self.settings)
        process = FORKS.Process(target=apart, args=(self.place.folder, environment, words, ahead_us))
        process.start()
        return process

    def kill(self) -> None:
        """SIGKILL all of it."""
        kill_group(self._process)

    def kill_worker(self) -> None:
        """SIGKILL one of its workers; the others go on, and it is replaced."""
        for pid in children_of(self._process.pid)[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Let it end as an operator does."""
        self._process.terminate()
        self._process.join(60)
        self.kill()

    def look(self, path: str, timeout: float = 60.0) -> tuple[int, dict[str, Any], float]:
        """The status (0: no answer), the body, and how many seconds it took."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            status, body = answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            status, body = 0, {}
        finally:
            connection.close()
        return status, body, time.monotonic() - began


def kill_group(process: Any) -> None:
    """SIGKILL a command and every process that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join(30)
