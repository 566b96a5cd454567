"""Passwords: hashing with argon2id, and which are refused as too short or too easily guessed."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable
from math import prod

import msgspec
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from devices.problems import Problem


class Cost(msgspec.Struct, frozen=True):
    """How much work argon2id is made to do: its memory in KiB, its passes over it, its lanes."""

    memory_kib: int
    passes: int
    lanes: int


COST = Cost(memory_kib=19456, passes=2, lanes=1)
"""Source: OWASP Password Storage Cheat Sheet. 22 ms on two slow cores."""
SALT_BYTES = 16
HASH_BYTES = 32

SHORTEST = 12
GUESSES_LOG10 = 10
"""A password must take 10^10 guesses, which is zxcvbn's highest mark: it also seals a signing key."""
WEIGHED = 40
"""How many characters are weighed: zxcvbn's work grows with the square of the length."""
SIGNS = ("4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2")
"""Signs that zxcvbn takes for one letter each: it weighs a text once for every combination of those that are in it."""
COMBINATIONS = 16
"""How many of them are weighed; a text made for it has hundreds."""
SAME_SIGN = str.maketrans({sign: signs[0] for signs in reversed(SIGNS) for sign in signs[1:]})
"""The other signs of a letter as its first one, which only makes a password look weaker."""
PRINTED = (
    "correct horse battery staple", "another long password",
    "copper lantern over the river", "seven grey herons at dawn", "a quiet ledger in winter",
    "wooden boats near the gate", "four bicycles in the drizzle", "six umbrellas by the station",
    "two slow ferries after rain",
)  # fmt: skip
"""The passwords of our own examples: anybody reads them."""
OUR_WORDS = (
    "panku", "storekeeper", "auditor", "clerk", "supervisor", "technician", "admin", "administrator", "password",
    "warehouse", "inventory", "stocktake", "tax disk", "report disk", "spare part", "TCG",
    "盘库", "税控盘", "报税盘", "金税盘", "税控", "报税", "税务", "备件", "发票", "开票", "库房", "仓库", "库存",
    "盘点", "入库", "出库", "返厂", "更换", "调拨", "盘盈", "盘亏", "交接", "设备", "网点", "管理员", "审核员", "库管",
    "技术员", "密码", "shuikongpan", "baoshuipan", "jinshuipan", "shuikong", "baoshui", "jinshui", "shuiwu", "beijian",
    "fapiao", "kaipiao", "kufang", "cangku", "kucun", "pandian", "ruku", "chuku", "fanchang", "genghuan", "diaobo",
    "panying", "pankui", "jiaojie", "shebei", "wangdian", "guanliyuan", "shenheyuan", "kuguan", "jishuyuan", "mima",
)  # fmt: skip
"""What somebody at a unit of the trade thinks of first, in the letters of three keyboards."""


def _hasher() -> PasswordHasher:
    return PasswordHasher(COST.passes, COST.memory_kib, COST.lanes, HASH_BYTES, SALT_BYTES, type=Type.ID)


def nobodys_hash() -> str:
    """A hash that no known password has, at today's cost: unknown users cost as much work as known ones."""
    salt, digest = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={COST.memory_kib},t={COST.passes},p={COST.lanes}${salt}${digest}"


def normal(password: str) -> str:
    """The password in the form that is hashed, NFC: the same keys on another machine give the same password."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """The argon2id hash to store, parameters and salt included."""
    return _hasher().hash(normal(password), salt=salt)


def password_matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one hashed; without a stored hash the same work is done and the answer is no."""
    try:
        _hasher().verify(stored or nobodys_hash(), normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Whether a hash was made at another cost than today's, and is to be made again at the next sign-in."""
    return _hasher().check_needs_rehash(stored)


def refuse_password(password: str, *, known: Iterable[str] = ()) -> list[Problem]:
    """What is wrong with a new password; empty where it will do.

    `known` are words that a guesser would try for this person: username, name, the unit's name.
    """
    text = normal(password)
    if len(text) < SHORTEST:
        return [Problem("password_too_short", "/password", {"minimum": SHORTEST})]
    words = [word for word in (*known, *PRINTED, *OUR_WORDS) if word]
    common = (
        is_mostly(text, words) or zxcvbn(weighed(text), user_inputs=words)["guesses_log10"] < GUESSES_LOG10
    )
    return [Problem("password_too_common", "/password")] if common else []


def is_mostly(text: str, words: Iterable[str]) -> bool:
    """Whether more of a text's letters are in these words than are not; digits, signs and blanks count for nothing.

    zxcvbn takes a row of words for the harder the more they are, whatever words they are.
    """
    letters = letters_of(text)
    known = sorted({letters_of(word) for word in words} - {""}, key=len, reverse=True)
    left = re.sub("|".join(known), "", letters)  # the longest first: one word may begin another
    return 2 * len(left) < len(letters)


def letters_of(text: str) -> str:
    """The letters of a text alone, small and of common width."""
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKC", text).casefold()))


def weighed(text: str) -> str:
    """What of a password is weighed, so that no text takes seconds."""
    beginning = text[:WEIGHED]
    combinations = prod(max(1, len(set(signs) & set(beginning))) for signs in SIGNS)
    return beginning if combinations <= COMBINATIONS else beginning.translate(SAME_SIGN)
