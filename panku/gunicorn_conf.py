"""gunicorn's configuration: `panku serve` uses it, and so may `gunicorn -c python:panku.gunicorn_conf`."""

import os
import resource
import shutil
import socket
import tempfile
from typing import Any

from panku import settings as panku_settings

# A connection that has said nothing is the kernel's for this long: browsers open some that they may never use. What has
# spoken, and every silent one elsewhere, is bounded by panku/worker.py.
SILENT_CLIENT_SECONDS = 60

_settings = panku_settings.of_this_process()

wsgi_app = "panku.application:application()"  # made in each worker: no connection is ever open across a fork
preload_app = False
bind = [
    f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
]
worker_class = "panku.worker.BoundedWorker"
workers = _settings.workers
threads = _settings.threads
worker_connections = 500
timeout = 60
graceful_timeout = 30
keepalive = 5
forwarded_allow_ips = ",".join(_settings.trusted_proxies)
forwarder_headers = ""
header_map = "refuse"
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
control_socket_disable = True
loglevel = _settings.log_level
accesslog = None
errorlog = "-"
proc_name = "panku"
umask = 0o077  # the database holds customers' data


_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which the workers of this server keep what they count, to be added up."""


OPEN_FILES = worker_connections + 8 * threads + 100
"""What a process may have open: its clients, and of each thread the books, the session store, their logs and gates."""


def on_starting(_server: Any) -> None:
    """Begin to count from nothing. Before a worker is there: it looks for the folder when it begins to count."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
    os.environ[_COUNTS] = tempfile.mkdtemp(prefix="panku-metrics-")


def child_exit(_server: Any, worker: Any) -> None:
    """A worker ended: what it counted stays in the sum, what only lives with it goes."""
    from prometheus_client import multiprocess  # noqa: PLC0415  (it reads the folder when it is imported)

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ[_COUNTS], ignore_errors=True)


def when_ready(server: Any) -> None:
    """Let the kernel keep connections that say nothing."""
    for listener in server.LISTENERS:
        if hasattr(socket, "TCP_DEFER_ACCEPT"):  # Linux
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, SILENT_CLIENT_SECONDS)
