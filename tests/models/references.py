"""References from other libraries, built offline. `timm` asks for torchvision, of which it needs nothing here."""

from __future__ import annotations

import contextlib
import enum
import importlib
import importlib.util
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

STUBS = (
    "torchvision",
    "torchvision.datasets",
    "torchvision.ops",
    "torchvision.ops.misc",
    "torchvision.transforms",
    "torchvision.transforms.functional",
)


class InterpolationMode(enum.Enum):
    """The one thing of torchvision that `timm` reads while it is imported."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


class Stub(types.ModuleType):
    """A module in which every class exists and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {})
        setattr(self, name, made)
        return made


@contextlib.contextmanager
def stubbed() -> Iterator[None]:
    """torchvision's place taken, if it is not installed, for as long as `timm` is imported."""
    made: dict[str, types.ModuleType] = {}
    if importlib.util.find_spec("torchvision") is None:
        for name in STUBS:
            made[name] = sys.modules[name] = Stub(name)
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(made[parent], child, made[name])
        made["torchvision.transforms.functional"].InterpolationMode = InterpolationMode  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]


def timm(module: str = "timm") -> Any:
    """A module of `timm`."""
    with stubbed():
        return importlib.import_module(module)


def transformers() -> Any:
    """The package, which must not look for anything on the network; skipped where it is not installed."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    return pytest.importorskip("transformers")
