"""The pages on Python modules that list what they offer in `__all__`: one entry for each name, from its docstring."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from types import ModuleType

from prose import code

MODULES = {
    "weights": "Weights",
    "symmetry": "Symmetry",
    "bundles": "Bundles",
    "parallel": "Several devices",
    "nn": "Layers without the language",
    "nn.bundles": "Layers on bundles, without the language",
}


def pages() -> Iterator[tuple[str, str]]:
    """A page for each module, by its name with dashes."""
    for name, title in MODULES.items():
        yield name.replace(".", "-"), _page(importlib.import_module(f"catnet.{name}"), title)


def _page(module: ModuleType, title: str) -> str:
    entries: list[str] = []
    values: list[str] = []
    for name in sorted(module.__all__, key=str.lower):
        thing = getattr(module, name)
        if inspect.isclass(thing):
            kind = "exception" if issubclass(thing, BaseException) else "class"
            entries += [f".. auto{kind}:: {module.__name__}.{name}", "   :members:"]
        elif inspect.isroutine(thing):
            entries.append(f".. autofunction:: {module.__name__}.{name}")
        else:
            values.append(code(name))
    parts = [f"# {title}", "```{eval-rst}", f".. automodule:: {module.__name__}", "", *entries, "```"]
    return "\n".join(parts) + (f"\n\nFurther: {', '.join(values)}.\n" if values else "\n")
