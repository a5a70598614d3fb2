"""Scripts that lie beside the models, as modules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

MODELS = Path(__file__).resolve().parent.parent.parent / "models"


sys.path.append(str(MODELS))
from common.cards import stated  # noqa: E402

sys.path.remove(str(MODELS))
__all__ = ["MODELS", "script", "stated"]


def script(model: str, name: str) -> ModuleType:
    """`models/MODEL/NAME.py`, run as its user runs it, but for its command."""
    path = list(sys.path)
    spec = importlib.util.spec_from_file_location(f"{model}_{name}", MODELS / model / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module
