"""From source to module, in memory: classes that a debugger, `pickle` and `copy` treat like any others."""

from __future__ import annotations

import hashlib
import linecache
import sys
import types
from typing import Any

from torch import nn


class InputError(ValueError):
    """An input tensor does not have the type that the spec states: which wire, what was expected, what came."""

    def __init__(self, wire: str, expected: str, got: Any, reason: str) -> None:
        if not isinstance(got, str):  # else it comes back from a pickle
            got = f"{str(got.dtype).removeprefix('torch.')} of shape {tuple(got.shape)}"
        super().__init__(wire, expected, got, reason)

    def __str__(self) -> str:
        wire, expected, got, reason = self.args
        return f"`{wire}` must be {expected} (after any batch axes), but a tensor {got} came: {reason}"


def load_class(source: str, name: str) -> type[nn.Module]:
    """The class `name` of a generated source. The same source gives the same class.

    The text is registered with `linecache` under a name of its own, so that tracebacks and
    `inspect.getsource` show it, and instances pickle with their source, so that they can be loaded in
    another process.
    """
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    module_name = f"catnet_generated_{digest}"
    module = sys.modules.get(module_name)
    if module is None:
        module = _execute(source, module_name, f"<catnet {digest}>")
    made: type[nn.Module] = getattr(module, name)
    return made


def _execute(source: str, module_name: str, filename: str) -> types.ModuleType:
    module = types.ModuleType(module_name, "Made by catnet.")
    module.__file__ = filename
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    sys.modules[module_name] = module
    try:
        exec(compile(source, filename, "exec"), module.__dict__)  # our own text, never the spec's
    except BaseException:
        del sys.modules[module_name]
        raise
    module.__dict__["InputError"] = InputError
    for value in list(module.__dict__.values()):
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == module_name:
            value.__reduce_ex__ = _reducer(source)  # type: ignore[method-assign]
    return module


def _reducer(source: str) -> Any:
    def __reduce_ex__(self: nn.Module, protocol: int) -> tuple[Any, ...]:
        return _blank, (source, type(self).__name__), self.__getstate__()

    return __reduce_ex__


def _blank(source: str, name: str) -> nn.Module:
    """An instance without state, to be filled by unpickling."""
    cls = load_class(source, name)
    return cls.__new__(cls)
