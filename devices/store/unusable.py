"""Why a database can not be used just now: a table of causes, and how the drivers and the system say each of them.

A cause is told to callers by its name, to people by the words of it, and to whoever runs the server by what the driver
said. What is of no cause here is a fault of Panku's own.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

import msgspec
import peewee
import psycopg


class Cause(msgspec.Struct, frozen=True):
    """One reason why nothing can be read or written: its stable name, and when to try again.

    `states` are PostgreSQL's SQLSTATEs or their classes, `sqlite` SQLite's result codes, primary or extended, `errnos`
    the system's, and `said` what a PostgreSQL says while a connection is opened: the driver is not told its SQLSTATE.
    It `passes` where it may end without anybody's doing at the machine that serves.
    """

    name: str
    again_seconds: int
    states: tuple[str, ...] = ()
    sqlite: tuple[int, ...] = ()
    errnos: tuple[int, ...] = ()
    said: tuple[str, ...] = ()
    passes: bool = True


# Sources: https://www.postgresql.org/docs/current/errcodes-appendix.html; https://sqlite.org/rescode.html. What is said
# at opening is from PostgreSQL's own messages, in English and in its zh_CN translation, and from PgBouncer's.
CAUSES = (
    Cause("out_of_reach", 5, states=("08", "57P04", "57P05"), sqlite=(14, 1032), errnos=(errno.ECONNREFUSED,)),
    Cause(
        "forbidden", 30, states=("28", "3D000", "42501"), sqlite=(3, 23), errnos=(errno.EACCES, errno.EPERM),
        said=(
            "authentication failed", "pg_hba.conf", "is not permitted to log in", '" does not exist',
            "认证失败", "进行登录", '" 不存在',
        ),
    ),
    Cause(
        "too_many", 5, states=("53300",), errnos=(errno.EMFILE, errno.ENFILE),
        said=(
            "too many clients", "too many connections", "remaining connection slots", "no more connections allowed",
            "太多的客户", "连接太多了", "已保留的连接位置",
        ),
    ),
    Cause(
        "stopping", 5, states=("57P01", "57P02", "57P03"),
        said=(
            "the database system is", "not currently accepting connections",
            "数据库系统停止中", "数据库系统启动中", "数据库系统在恢复模式中",
        ),
    ),
    Cause("exhausted", 30, states=("53",), sqlite=(7,), errnos=(errno.ENOMEM,)),
    Cause(
        "full", 30, states=("53100",), sqlite=(13,), errnos=(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    ),
    Cause("read_only", 30, states=("25006",), sqlite=(8,), errnos=(errno.EROFS,)),
    Cause("locked", 2, states=("55P03", "55006", "40001", "40P01"), sqlite=(5, 6, 15)),
    Cause("timed_out", 5, states=("57014", "25P03", "25P04", "57"), errnos=(errno.ETIMEDOUT,)),
    Cause("broken", 30, states=("58",), sqlite=(10,), errnos=(errno.EIO,)),
    Cause("unreadable", 30, states=("XX001", "XX002"), sqlite=(11, 24, 26), passes=False),
    Cause("other_schema", 30, passes=False),
    Cause("misconfigured", 30, said=("unsupported startup parameter",), passes=False),
    Cause("not_founded", 30, passes=False),
    Cause("opening", 2),
    Cause("fault", 30, passes=False),
)  # fmt: skip
CAUSE: Mapping[str, Cause] = {cause.name: cause for cause in CAUSES}
_BY_STATE = {state: cause for cause in CAUSES for state in cause.states}
_BY_SQLITE = {code: cause for cause in CAUSES for code in cause.sqlite}
_BY_ERRNO = {number: cause for cause in CAUSES for number in cause.errnos}
_BY_SAYING = {words: cause for cause in CAUSES for words in cause.said}
assert len(_BY_STATE) == sum(len(cause.states) for cause in CAUSES), "two causes share a SQLSTATE"
assert len(_BY_SQLITE) == sum(len(cause.sqlite) for cause in CAUSES), "two causes share a result code"
_PRIMARY = 0xFF
"""What of an extended result code of SQLite is the primary one."""
_CLASS = 2
"""How many characters of a SQLSTATE are its class."""


class StoreRefused(Exception):
    """The database cannot be used as asked; the text is a sentence for whoever runs the server."""

    cause = CAUSE["misconfigured"]


class Unusable(Exception):
    """The database cannot be used just now; the text is a sentence that says what stands in the way."""

    def __init__(self, cause: str, sentence: str) -> None:
        super().__init__(sentence)
        self.cause = CAUSE[cause]


class Silent(psycopg.OperationalError):
    """The server took a statement and said nothing for longer than its bound; the connection is put away."""


class OutcomeUnknown(Exception):
    """The connection was lost during COMMIT: look the request up by its key before trying it again."""


def cause_of(error: BaseException) -> Cause | None:
    """Why the database cannot be used, as an error tells it; None where it says that Panku asked wrongly.

    The error may be the driver's own, one of peewee's around it, however often it was wrapped, or the system's.
    """
    found = driver_error(error)
    if isinstance(found, (StoreRefused, Unusable)):
        return found.cause
    if isinstance(found, psycopg.Error):
        return _of_postgresql(found)
    if isinstance(found, peewee.sqlite3.Error):
        code = getattr(found, "sqlite_errorcode", 0)
        return _BY_SQLITE.get(code) or _BY_SQLITE.get(code & _PRIMARY)
    if isinstance(found, OSError):
        return _BY_ERRNO.get(found.errno or 0)
    return None


def is_unusable(error: BaseException) -> bool:
    """Whether an error means that the database cannot be used, or never answered COMMIT; no fault of Panku's."""
    return cause_of(error) is not None or isinstance(error, OutcomeUnknown)


def unusable_file(error: OSError) -> Unusable:
    """What a file beside the database that cannot be opened means: a folder that is gone is a database out of reach."""
    found = cause_of(error) or CAUSE["out_of_reach"]
    return Unusable(found.name, str(error))


def driver_error(error: BaseException) -> BaseException:
    """The driver's own error inside those of peewee, or the error itself."""
    inner: Any = getattr(error, "orig", None)
    while isinstance(inner, BaseException):
        error, inner = inner, getattr(inner, "orig", None)
    return error


def sqlstate(error: BaseException) -> str | None:
    """The five-character SQLSTATE of a PostgreSQL error that peewee wrapped, None for any other error."""
    found = driver_error(error)
    return found.sqlstate if isinstance(found, psycopg.Error) else None


def _of_postgresql(error: psycopg.Error) -> Cause | None:
    """By its SQLSTATE; what has none was said while a connection was opened or lost."""
    if isinstance(error, Silent):
        return CAUSE["timed_out"]
    if error.sqlstate is not None:
        return _BY_STATE.get(error.sqlstate) or _BY_STATE.get(error.sqlstate[:_CLASS])
    if not isinstance(error, psycopg.OperationalError):
        return None
    told = str(error)
    return next((cause for words, cause in _BY_SAYING.items() if words in told), CAUSE["out_of_reach"])
