"""Passwords: hashing with argon2id, and which are refused as too short or too easily guessed."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterable
from math import prod

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from devices.problems import Problem

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. 22 ms on the slow machine.
MEMORY_KIB = 19456
PASSES = 2
LANES = 1
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
OUR_WORDS = (
    "panku",
    "storekeeper",
    "auditor",
    "clerk",
    "supervisor",
    "admin",
    "盘库",
    "税控盘",
    "报税盘",
    "库房",
)

_HASHER = PasswordHasher(PASSES, MEMORY_KIB, LANES, HASH_BYTES, SALT_BYTES, type=Type.ID)


def _nobodys_hash() -> str:
    """A hash that no known password has, with today's parameters: unknown users cost as much work as known ones."""
    salt, digest = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"


NOBODYS_HASH = _nobodys_hash()


def normal(password: str) -> str:
    """The password in the form that is hashed, NFC: the same keys on another machine give the same password."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """The argon2id hash to store, parameters and salt included."""
    return _HASHER.hash(normal(password), salt=salt)


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one hashed; without a stored hash the same work is done and the answer is no."""
    try:
        _HASHER.verify(stored or NOBODYS_HASH, normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's, and is to be made again at the next sign-in."""
    return _HASHER.check_needs_rehash(stored)


def refuse_password(password: str, *, known: Iterable[str] = ()) -> list[Problem]:
    """What is wrong with a new password; empty where it will do.

    `known` are words that a guesser would try for this person: username, name, the unit's name.
    """
    text = normal(password)
    if len(text) < SHORTEST:
        return [Problem("password_too_short", "/password", {"minimum": SHORTEST})]
    words = [word for word in (*known, *OUR_WORDS) if word]
    found = zxcvbn(weighed(text), user_inputs=words)
    return [Problem("password_too_common", "/password")] if found["guesses_log10"] < GUESSES_LOG10 else []


def weighed(text: str) -> str:
    """What of a password is weighed, so that no text takes seconds."""
    beginning = text[:WEIGHED]
    combinations = prod(max(1, len(set(signs) & set(beginning))) for signs in SIGNS)
    return beginning if combinations <= COMBINATIONS else beginning.translate(SAME_SIGN)
