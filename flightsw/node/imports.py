"""Finds users' own code by its import path, `package.module:Class`, and says which code it was.

Looked for on `sys.path`, and behind that in the folder of the scenario's file (for a shipped scenario: in the current
one), so that a file beside the scenario does, and can't shadow anything that is installed. Only a scenario that names
such code imports any. A scenario keeps its folders (`Scenario.code_folders`), and whoever builds or judges it searches
these: two folders may have a module of the same name, and each scenario flies its own.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from flightsw.errors import ConfigError
from flightsw.node.tomlerrors import unknown_key
from flightsw.node.tomlfile import convert

_PATH = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)")
MANIFEST_FILE = "manifest.json"

FAILURES = (Exception, SystemExit)
"""What users' code may raise and still be refused in one line."""


class Identity(msgspec.Struct, frozen=True):
    """Which code stood behind an import path."""

    field: str
    """of the scenario"""
    path: str
    """`package.module:Class`"""
    sha256: str
    """of the module's source file"""
    folder: str
    """that the module was found in"""


class _ScenarioFolder(str):
    """An entry of `sys.path` that a scenario brought."""

    __slots__ = ()


class _Noted(msgspec.Struct):
    """What a run folder's manifest says of users' code; the rest of it is not read here."""

    own_code: tuple[Identity, ...] = ()


_set_aside: dict[tuple[str, ...], tuple[dict[str, ModuleType], dict[str, int]]] = {}
"""(modules, when their files were written) of folders that aren't searched now, by the folders searched together"""


def folders_of(folder: Path) -> tuple[str, ...]:
    """What to search for a scenario's file in this folder; where that is a run's, also where the run's code was."""
    return (str(folder.resolve()), *folders_flown(folder))


def folders_flown(run_dir: Path) -> tuple[str, ...]:
    """Where a run's manifest says that its code was found."""
    try:
        noted = msgspec.json.decode((run_dir / MANIFEST_FILE).read_bytes(), type=_Noted)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ()
    return tuple(one.folder for one in noted.own_code)


def look_in(folders: Iterable[str]) -> None:
    """Search these folders behind `sys.path`, and no longer those of another scenario, whose modules are set aside:
    they come back with their folders."""
    others = [entry for entry in sys.path if not isinstance(entry, _ScenarioFolder)]
    known = {str(Path(entry).resolve()) for entry in others}
    wanted = tuple(_ScenarioFolder(folder) for folder in dict.fromkeys(folders) if folder not in known)
    before = tuple(entry for entry in sys.path if isinstance(entry, _ScenarioFolder))
    sys.path[:] = [*others, *wanted]
    if before != wanted:
        theirs = {name: module for name, module in list(sys.modules.items()) if _stands_in(before, name, module)}
        _set_aside[before] = theirs, _written_ns(theirs)
        for name in theirs:
            del sys.modules[name]
        ours, written_ns = _set_aside.pop(wanted, ({}, {}))
        if _written_ns(ours) == written_ns:  # else they were edited, and are loaded anew
            sys.modules.update(ours)
    importlib.invalidate_caches()


def _written_ns(modules: dict[str, ModuleType]) -> dict[str, int]:
    files = {name: Path(module.__file__) for name, module in modules.items() if module.__file__}
    return {name: file.stat().st_mtime_ns for name, file in files.items() if file.exists()}


def _stands_in(folders: tuple[str, ...], name: str, module: ModuleType) -> bool:
    """Whether this module was found in one of these folders; a package without `__init__.py` has places alone."""
    spec = getattr(module, "__spec__", None)
    if spec is None or spec.name != name:
        return False
    if spec.origin:
        return str(_root_of(name, Path(spec.origin))) in folders
    places = [Path(place) for place in spec.submodule_search_locations or ()]
    return any(str(_root_of(name, place / "__init__.py")) in folders for place in places)


def find_class(field: str, path: str) -> type[Any]:
    """The class of this import path. Raises ConfigError: malformed, no such module, it fails, no such class in it."""
    module_name, name = _parts(field, path)
    module = _import(field, path, module_name)
    found = getattr(module, name, None)
    if isinstance(found, type):
        return found
    if found is not None:
        raise ConfigError(f'{field} = "{path}": {name} is a {type(found).__name__}: must be a class')
    classes = [key for key, value in vars(module).items() if isinstance(value, type) and not key.startswith("_")]
    near = difflib.get_close_matches(name, classes, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ConfigError(f'{field} = "{path}": no class {name} in {module.__file__ or module_name}{hint}')


def make(field: str, found: type[Any], path: str, table: dict[str, Any], table_field: str, *args: Any) -> Any:
    """An object of a user's class: made with `args`, and `own=` what it is told where it declares a `Config`.

    Raises ConfigError when what it is told doesn't fit, or when it can't be made.
    """
    config = getattr(found, "Config", None)
    told: dict[str, Any] = {}
    if config is None:
        if table:
            raise ConfigError(f"{table_field}: given, but {path} declares no Config: must be left out")
    elif not (isinstance(config, type) and issubclass(config, msgspec.Struct)):
        raise ConfigError(f'{field} = "{path}": its Config is {config!r}: must be a msgspec.Struct')
    else:
        unknown = unknown_key(table, config)
        if unknown is not None:
            raise ConfigError(f"{table_field}: {unknown}")
        told = {"own": convert(table, config, table_field)}
    try:
        return found(*args, **told)
    except FAILURES as error:
        raise ConfigError(f'{field} = "{path}": can\'t be made: {describe(error)}') from error


def check_methods(field: str, path: str, found: object, like: type[Any]) -> None:
    """Raise ConfigError where a method of `like` is missing, or takes other arguments."""
    for name, ours in vars(like).items():
        if name.startswith("_") or not inspect.isfunction(ours):
            continue
        wanted = inspect.signature(ours)
        text = f"{name}({', '.join([*wanted.parameters][1:])})"
        theirs = getattr(found, name, None)
        if not callable(theirs):
            raise ConfigError(
                f'{field} = "{path}": has no {name}: must have {text}, see {like.__module__}.{like.__name__}'
            )
        by_place = [p for p in wanted.parameters.values() if p.kind is not p.KEYWORD_ONLY][1:]
        by_name = {key: None for key, p in wanted.parameters.items() if p.kind is p.KEYWORD_ONLY}
        given = inspect.signature(theirs)
        try:
            given.bind(*by_place, **by_name)
        except TypeError as error:
            raise ConfigError(f'{field} = "{path}": {name}{given}: must take {text}: {error}') from None


def identity(field: str, path: str) -> Identity:
    """Which code an import path stands for."""
    module_name, _ = _parts(field, path)
    file = Path(inspect.getfile(_import(field, path, module_name))).resolve()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return Identity(field, path, digest, str(_root_of(module_name, file)))


def describe(error: BaseException) -> str:
    """`ValueError: ... (laws.py, line 12)`: the innermost line of it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def _parts(field: str, path: str) -> tuple[str, str]:
    match = _PATH.fullmatch(path)
    if match is None:
        raise ConfigError(f'{field} = "{path}": must be like "package.module:Class"')
    return match["module"], match["name"]


def _import(field: str, path: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            folders = [str(entry) for entry in sys.path if isinstance(entry, _ScenarioFolder)]
            beside = f" or stand in {' or '.join(folders)}" if folders else ""
            raise ConfigError(f'{field} = "{path}": no module {error.name}: must be on sys.path{beside}') from None
        raise ConfigError(f'{field} = "{path}": {name} can\'t be imported: {describe(error)}') from error
    except FAILURES as error:
        raise ConfigError(f'{field} = "{path}": {name} can\'t be imported: {describe(error)}') from error


def _root_of(module_name: str, file: Path) -> Path:
    """The folder that a module was found in, from that of its file."""
    depth = module_name.count(".") + (file.name == "__init__.py")
    return file.parents[min(depth, len(file.parents) - 1)] if file.parents else file
