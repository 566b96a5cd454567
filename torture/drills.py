"""The drills: each does one kind of harm to a served Panku while it is posted to, and reckons afterwards."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from devices.store.database import Store
from panku.console.heads import read_heads
from torture import upgrading
from torture.load import Line, Load, reckon, verified
from torture.places import DATABASE, DAY_US, SMALL_DISK_MEBIBYTES, Place, fresh_url, may_mount, place
from torture.proxy import proxied
from torture.server import Served, kill_group

READY_SECONDS, ALIVE_SECONDS = 2.0, 1.0
"""What /readyz and /healthz promise; `SLACK` times that is a fault, since this machine is shared with the load."""
SLACK = 3


class Report(msgspec.Struct):
    """What one drill came to on one engine; `skipped` says why it could not be run."""

    drill: str
    engine: str
    figures: dict[str, Any]
    faults: list[str]
    skipped: str = ""


class Shape(msgspec.Struct, frozen=True):
    """How much of it: blows of each drill, and how long a database hangs; `seed` says when blows fall."""

    blows: int = 20
    hang_seconds: float = 25.0
    seed: int = 1
    workers: int = 2


class Drill(msgspec.Struct, frozen=True):
    """One kind of harm: `run` does it, and its docstring says what. `own_disk`: it fills a disk of its own."""

    name: str
    run: Callable[[Trial, Shape], None]
    own_disk: bool = False


class Trial(msgspec.Struct):
    """One drill under way: the place, its server, the load, and what is found."""

    place: Place
    served: Served
    load: Load
    faults: list[str]
    figures: dict[str, Any]

    def look(self, path: str, within: float) -> tuple[int, dict[str, Any]]:
        """What a probe is told; an answer that comes late is a fault."""
        status, body, took = self.served.look(path)
        if took > within * SLACK:
            self.faults.append(f"{path} took {took:.1f} s, promised are {within} s")
        return status, body


def drilled(drill: Drill, engine: str, shape: Shape) -> Report:
    """Run a drill on an engine, on books of its own."""
    if drill.own_disk and not may_mount():
        return Report(drill.name, engine, {}, [], "only root may mount a disk of a given size")
    size = SMALL_DISK_MEBIBYTES[engine] if drill.own_disk else 0
    with place(engine, mebibytes=size) as where:
        served = Served(where, workers=str(shape.workers))
        trial = Trial(where, served, Load(served.port, where.token, where.day), [], {})
        try:
            drill.run(trial, shape)
        finally:
            served.kill()
        with closing(Store(where.url)) as store:
            faults = trial.faults + trial.load.faults + reckon(store, trial.load)
    return Report(drill.name, engine, trial.figures | figures_of(trial.load), faults)


def figures_of(load: Load) -> dict[str, Any]:
    """How a load went."""
    counted = load.counted
    told = ", ".join(f"{kind}: {count}" for kind, count in sorted(counted.answers.items()))
    return {
        "acknowledged": load.acknowledged,
        "answers": told,
        "longest wait": f"{counted.longest_wait:.1f} s",
        "longest without an acknowledgement": f"{counted.longest_outage:.1f} s",
    }


def moments(shape: Shape, within_seconds: float = 0.6) -> list[float]:
    """For each blow, how many seconds it falls after the service is up again, or after what it hits has begun."""
    chance = random.Random(shape.seed)
    return [chance.uniform(0.0, within_seconds) for _ in range(shape.blows)]


def kill(trial: Trial, shape: Shape) -> None:
    """The server dies with SIGKILL, with the database's own server every other time where there is one."""
    cluster = trial.place.cluster
    trial.served.start()
    with trial.load.running():
        for number, moment in enumerate(moments(shape)):
            trial.load.wait_for(1)
            time.sleep(moment)
            if cluster and number % 2 == 0:
                cluster.kill()
                cluster.start()
                trial.served.kill_worker()
            else:
                trial.served.kill()
                trial.served.start()
        trial.load.wait_for(1)
    trial.figures["kills"] = shape.blows


def cut(trial: Trial, shape: Shape) -> None:
    """The line is cut around COMMIT by a proxy, or backends are terminated; on SQLite a worker is killed."""
    if trial.place.cluster is None:
        trial.served.start()
        with trial.load.running():
            for moment in moments(shape):
                trial.load.wait_for(1)
                time.sleep(moment)
                trial.served.kill_worker()
            trial.load.wait_for(1)
        trial.figures["workers killed"] = shape.blows
        return
    direct = trial.place.cluster.url(database="postgres")
    with proxied(trial.place.cluster.port) as proxy:
        trial.served.settings["database_url"] = trial.place.cluster.url(proxy.port)
        trial.served.start()
        with trial.load.running(), psycopg.connect(direct, autocommit=True) as connection:
            for number, moment in enumerate(moments(shape)):
                trial.load.wait_for(1)
                time.sleep(moment / 2)
                if number % 3 == 2:
                    connection.execute(TERMINATED.encode(), (DATABASE,))
                else:
                    proxy.cut_next(("before", "after")[number % 3])
            trial.load.wait_for(1)
        trial.served.stop()
    trial.figures |= {"commits cut": proxy.cut, "times every backend was terminated": shape.blows // 3}


# By hand: a function of PostgreSQL's own.
TERMINATED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


def fill(trial: Trial, shape: Shape) -> None:
    """The disk is full, says so, and has room again."""
    ballast = trial.place.folder / "ballast"
    trial.served.start()
    said = 0
    with trial.load.running():
        for _ in range(shape.blows):
            trial.load.wait_for(1)
            _fill_up(ballast)
            refused = trial.load.counted.answers.total()
            last = time.monotonic() + 10
            while trial.load.counted.answers.total() < refused + 20 and time.monotonic() < last:
                _fill_up(ballast)  # what a log or a checkpoint gave back
                time.sleep(0.05)
            said += _says_so(trial, ballast)
            ballast.unlink()
            if (cluster := trial.place.cluster) and not cluster.processes():
                cluster.start()
        trial.load.wait_for(1)
    if said < shape.blows:
        trial.faults.append(f"/readyz said of {said} full disks of {shape.blows} that it is not ready")
    trial.figures |= {"full disks": shape.blows, "said so by /readyz": said}


def _says_so(trial: Trial, ballast: Path) -> bool:
    """Whether /readyz tells of the full disk in time; a look stands for a second, so it is asked again."""
    last = time.monotonic() + READY_SECONDS * SLACK
    while time.monotonic() < last:
        if trial.look("/readyz", READY_SECONDS)[0] == 503:
            return True
        _fill_up(ballast)
        time.sleep(0.2)
    return False


def _fill_up(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        for size in (65_536, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * size)


def hang(trial: Trial, shape: Shape) -> None:
    """The database falls silent without a word: every process of it is stopped, or a stranger holds the file."""
    trial.served.start()
    hangs = max(1, shape.blows // 10)
    with trial.load.running():
        for _ in range(hangs):
            trial.load.wait_for(1)
            with _silent(trial.place):
                last = time.monotonic() + shape.hang_seconds
                time.sleep(min(1.0, shape.hang_seconds / 2))
                while time.monotonic() < last:
                    alive, _ = trial.look("/healthz", ALIVE_SECONDS)
                    ready, body = trial.look("/readyz", READY_SECONDS)
                    if alive != 200:
                        trial.faults.append(f"/healthz said {alive} while the database was silent")
                    if trial.place.cluster and ready != 503:  # SQLite's readers see nothing of a writer
                        trial.faults.append(f"/readyz said {ready} {body} while the database was silent")
                    time.sleep(0.5)
            trial.load.wait_for(1)
    trial.figures["hangs"] = f"{hangs} of {shape.hang_seconds:.0f} s"


@contextmanager
def _silent(where: Place) -> Iterator[None]:
    if where.cluster is None:
        store = Store(where.url)
        with closing(store), store.writing():
            yield
        return
    where.cluster.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        where.cluster.signal(signal.SIGCONT)


def clock(trial: Trial, shape: Shape) -> None:
    """The machine's clock was days ahead, and is set right."""
    for number in range(max(1, shape.blows // 10)):
        trial.served.start(ahead_us=(number % 3 + 1) * DAY_US // 2)
        with trial.load.running():
            trial.load.wait_for(5)
        trial.served.stop()
        trial.served.start()
        _, body = trial.look("/readyz", READY_SECONDS)
        if body.get("clock") != "behind":
            trial.faults.append(f"/readyz does not say that the clock is behind its books: {body}")
        with trial.load.running():
            trial.load.wait_for(5)
        _still_told(trial)
        trial.served.stop()
    trial.figures["times the clock was ahead"] = max(1, shape.blows // 10)


def _still_told(trial: Trial) -> None:
    """A posting acknowledged while the clock was ahead is where it was posted, for whoever asks now."""
    line = Line(trial.served.port, trial.place.token)
    for asked in trial.load.asked[-3:]:
        status, body = line.send("GET", f"/v1/devices/{asked.serial}")
        if status != 200 or body["device"]["document"] != (asked.told or {}).get("number"):
            trial.faults.append(f"{asked.serial} is answered {status} otherwise once the clock is right")
    line.close()


def upgrade(trial: Trial, shape: Shape) -> None:
    """Books of the version before are upgraded by a command that is killed on the way."""
    seconds, faults = upgrading.whole(trial.place)
    cut_off, more = upgrading.cut_off(trial.place, moments(shape, seconds))
    trial.faults += faults + more
    trial.figures |= {"upgrades killed": shape.blows, "of them before they were done": cut_off}
    trial.served.start()
    with trial.load.running():
        trial.load.wait_for(5)


def backup(trial: Trial, shape: Shape) -> None:
    """Backups are killed while the books are posted to; what has its name is whole, and is restored."""
    trial.served.start()
    folder = trial.place.folder / "backups"
    folder.mkdir()
    whole, began = [], time.monotonic()
    trial.served.command(["backup", str(folder / "first.backup"), "--quiet"]).join(120)
    seconds = time.monotonic() - began
    with trial.load.running():
        for number, moment in enumerate(moments(shape, seconds)):
            trial.load.wait_for(1)
            file = folder / f"{number}.backup"
            running = trial.served.command(["backup", str(file), "--quiet"])
            time.sleep(moment)
            kill_group(running)
            whole += [file] if file.exists() else []
        last = folder / "last.backup"
        finished = trial.served.command(["backup", str(last), "--quiet"])
        finished.join(120)
        trial.load.wait_for(1)
    if finished.exitcode != 0:
        trial.faults.append(f"a backup ended with {finished.exitcode}")
    for number, file in enumerate([*whole[-2:], last]):
        trial.faults += _restored(trial, file, number)
    trial.figures |= {"backups killed": shape.blows - len(whole), "finished before": len(whole)}


def _restored(trial: Trial, file: Path, number: int) -> list[str]:
    """What is wrong with the books that a backup is restored into."""
    url = fresh_url(trial.place, f"restored_{number}")
    other = Served(trial.place, database_url=url)
    running = other.command(["restore", str(file), "--quiet", "--against", f"{file}.heads.json"])
    running.join(120)
    if running.exitcode != 0:
        return [f"restoring {file.name} ended with {running.exitcode}"]
    with closing(Store(url)) as store:
        held = read_heads([Path(f"{file}.heads.json")])
        return [f"{file.name}: {fault}" for fault in verified(store, tuple(held))]


DRILLS = (
    Drill("kill", kill),
    Drill("cut", cut),
    Drill("fill", fill, own_disk=True),
    Drill("hang", hang),
    Drill("clock", clock),
    Drill("upgrade", upgrade),
    Drill("backup", backup),
)
