"""What people ask of jobs every day, among few that were filed and among many."""

from __future__ import annotations

import statistics
import time

from bench.datasets import Place
from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store import schema
from devices.store.database import Store
from tests.custody import House, fill_house
from tests.door import Client
from tests.filed_jobs import JOBS_OF_CALL, JOBS_OF_INSTALLATION, LAST, file_jobs, go_on
from web.door import add_pages

ROUNDS = 9
ASKED = {
    "the board": ("zhang", "/dispatch"),
    "a technician's jobs": ("wang", "/jobs"),
    "what is due": ("zhang", "/v1/deadlines?site=BJ01"),
    "what was met since yesterday": ("zhang", "/v1/deadlines?site=BJ01&met_since=2026-11-23"),
    "open orders": ("zhang", "/v1/dispatch-orders?state=open"),
    "a supervisor's home": ("chen", "/"),
    "calls to be made": ("chen", "/follow-ups"),
    "complaints": ("chen", "/complaints"),
}
"""By name, who asks, and what."""


def measure(where: Place, few: int, many: int, reads: int) -> None:
    """Print the times of each answer among few jobs and among many, read by read in turn, the median of rounds.

    The application answers in this process, without a socket; the same work goes on in both books.
    """
    houses = [_house(where.fresh(), few, jobs) for jobs in (few, many)]
    for name, (who, path) in ASKED.items():
        clients = [house.of(who) for house in houses]
        rounds = [_round(clients, path, reads) for _ in range(ROUNDS + 1)]
        small, large = (statistics.median(each) for each in zip(*rounds[1:], strict=True))
        print(
            f"{where.engine} {name}, {many} jobs, {many // JOBS_OF_INSTALLATION} installations and"
            f" {many // JOBS_OF_CALL} calls filed:"
            f" {large:.1f} ms; {few} jobs: {small:.1f} ms; ratio {large / small:.2f}, median of {ROUNDS} x {reads}",
            flush=True,
        )
    for house in houses:
        house.session_store.close()
        house.store.close()


def _house(url: str, few: int, jobs: int) -> House:
    """A house with as many filed jobs, and what was complained of in the last year about the few last of them alone."""
    for address, migrate in ((url, schema.migrate), (session_store_url(url), migrate_session_store)):
        store = Store(address)
        migrate(store)
        store.close()
    store = Store(url)
    fill_house(store)
    house = House(store)
    add_pages(house.app, house.services)
    file_jobs(store, LAST - few + 1)
    if jobs > few:
        file_jobs(store, LAST - jobs + 1, LAST - few)
    go_on(house)
    if store.engine == "postgresql":
        store.execute("VACUUM ANALYZE")
    return house


def _round(clients: list[Client], path: str, reads: int) -> list[float]:
    """The median milliseconds of what each is answered."""
    waits: list[list[float]] = [[] for _ in clients]
    for _ in range(reads):
        for client, into in zip(clients, waits, strict=True):
            began = time.perf_counter()
            answer = client.get(path)
            into.append((time.perf_counter() - began) * 1e3)
            assert answer.status_code == 200, answer.text
    return [statistics.median(each) for each in waits]
