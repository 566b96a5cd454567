"""Sealing a private key under a password: argon2id gives the key, AES-256-GCM the seal. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec
from argon2 import Type
from argon2.low_level import hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from devices.chain import canonical
from devices.people import passwords

Random = Callable[[int], bytes]
"""A source of random bytes: their number in, the bytes out."""

KEY_BYTES = 32
NONCE_BYTES = 12


class Sealed(msgspec.Struct, frozen=True):
    """A sealed private key with the argon2id parameters it was sealed under; binary values in hex."""

    memory_kib: int
    passes: int
    lanes: int
    salt: str
    nonce: str
    sealed: str


class WrongPassword(Exception):
    """The seal does not open: another password, or the sealed key is not this person's."""


def seal(
    private: bytes, password: str, username: str, fingerprint: str, *, random: Random = secrets.token_bytes
) -> Sealed:
    """Seal the 32 private bytes; the salt, and so the key, is new each time, and no nonce meets a key twice."""
    salt, nonce = random(passwords.SALT_BYTES), random(NONCE_BYTES)
    cost = passwords.COST
    empty = Sealed(cost.memory_kib, cost.passes, cost.lanes, salt.hex(), nonce.hex(), "")
    sealed = AESGCM(_derived(empty, password)).encrypt(nonce, private, _bound_to(username, fingerprint))
    return msgspec.structs.replace(empty, sealed=sealed.hex())


def unseal(sealed: Sealed, password: str, username: str, fingerprint: str) -> bytes:
    """The private bytes; raises WrongPassword where the seal does not open."""
    cipher = AESGCM(_derived(sealed, password))
    try:
        return cipher.decrypt(
            bytes.fromhex(sealed.nonce), bytes.fromhex(sealed.sealed), _bound_to(username, fingerprint)
        )
    except InvalidTag:
        raise WrongPassword from None


def _derived(sealed: Sealed, password: str) -> bytes:
    return hash_secret_raw(
        passwords.normal(password).encode(),
        bytes.fromhex(sealed.salt),
        time_cost=sealed.passes,
        memory_cost=sealed.memory_kib,
        parallelism=sealed.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def _bound_to(username: str, fingerprint: str) -> bytes:
    """The associated data: a sealed key moved to another person's row does not open."""
    return canonical(("panku signing key", 1, username, fingerprint))
