"""Keys of the bench and its agents: made here, each bound to a process's name, and the list of who may come in.

    bench.secret     of the bench, mode 0600           bench.public     goes to every agent
    NAME.secret      of an agent, stays on its board   NAME.public      goes to the bench, which enrols it
    enrolled.toml    [agents] name = "public key"      of the bench

A key is a CURVE key pair in Z85 (ZeroMQ RFC 32), one line a file. Called by `flightsw hil keygen | enroll | agent |
bench`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import zmq
import zmq.utils.z85

from flightsw.bus.door import Keys
from flightsw.errors import ConfigError
from flightsw.node.scenario import ON_BOARD
from flightsw.node.tomlfile import load_toml, to_toml

BENCH = "bench"
ENROLLED = "enrolled.toml"
NAMES = (BENCH, ON_BOARD)
_Z85 = re.compile(rb"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")


def make_key(folder: Path, name: str) -> Path:
    """A new key pair; the public file. Raises ConfigError: there is one already, or no such name."""
    _check_name(name, NAMES)
    secret, public = folder / f"{name}.secret", folder / f"{name}.public"
    if secret.exists() or public.exists():
        raise ConfigError(f"{secret}: there is a key already: must be another folder, or removed first")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        public_key, secret_key = zmq.curve_keypair()
        with open(secret, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(secret_key + b"\n")
        public.write_bytes(public_key + b"\n")
    except OSError as error:
        raise ConfigError(f"{folder}: no key can be written there: {error.strerror}") from None
    return public


def enroll(folder: Path, name: str, public: Path) -> None:
    """Let the holder of this public key be the process of this name; whoever was it before is no longer."""
    _check_name(name, NAMES[1:])
    if _is_secret(public):
        raise ConfigError(
            f"{public}: that is a secret key: must be {public.with_suffix('.public').name}, made beside it"
        )
    agents = _enrolled(folder)
    key = read_key(public).decode()
    for other, its_key in agents.items():
        if its_key == key and other != name:
            raise ConfigError(f"{public}: enrolled as {other!r} already: a key is bound to one name")
    agents[name] = key
    temporary = folder / f"{ENROLLED}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary.write_text(to_toml({"agents": dict(sorted(agents.items()))}))
        temporary.rename(folder / ENROLLED)
    except OSError as error:
        raise ConfigError(f"{folder}: nobody can be enrolled there: {error.strerror}") from None


def bench_keys(folder: Path) -> Keys:
    """The bench's own secret and who is enrolled. Raises ConfigError."""
    secret = read_secret(folder / f"{BENCH}.secret")
    agents = _enrolled(folder)
    if not agents:
        raise ConfigError(f"{folder / ENROLLED}: nobody is enrolled: see `flightsw hil enroll`")
    return Keys(secret, {key.encode(): name for name, key in agents.items()})


def read_secret(path: Path) -> bytes:
    """A secret key, which nobody else may read. Raises ConfigError."""
    key = read_key(path)
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path}: others may read it (mode {path.stat().st_mode & 0o777:04o}): must be 0600")
    return key


def read_key(path: Path) -> bytes:
    """A key of a file. Raises ConfigError."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}: see `flightsw hil keygen`") from None
    if not _Z85.fullmatch(key):
        raise ConfigError(f"{path}: not a key: must be 40 characters of Z85")
    return key


def public_of(secret: bytes) -> bytes:
    """The public half of a secret key."""
    return bytes(zmq.curve_public(secret))


def _is_secret(path: Path) -> bool:
    """By its name, or because the public key beside it is the half that belongs to it.

    By the key's own bytes it can't be told: either half is any 32 bytes.
    """
    if path.suffix == ".secret":
        return True
    beside = path.with_suffix(".public")
    return beside != path and beside.is_file() and public_of(read_key(path)) == read_key(beside)


def _enrolled(folder: Path) -> dict[str, str]:
    path = folder / ENROLLED
    if not path.exists():
        return {}
    agents = load_toml(path).get("agents")
    if not isinstance(agents, dict) or not all(
        name in NAMES and isinstance(key, str) and _Z85.fullmatch(key.encode()) for name, key in agents.items()
    ):
        raise ConfigError(f'{path}: agents = {agents!r}: must be like {{ {ON_BOARD} = "public key" }}')
    return dict(agents)


def _check_name(name: str, allowed: tuple[str, ...]) -> None:
    if name not in allowed:
        raise ConfigError(f"name = {name!r}: must be {' or '.join(allowed)}")
