"""Import `.cat` files like Python modules: after `import catnet.hook`, `from specs.gpt2 import gpt2` finds
`specs/gpt2.cat` on the import path. A net is then a callable that gives a `Diagram`.

A `.cat` file is looked for only where no Python module of that name is found.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from catnet.elaborate.program import Program


class CatLoader(Loader):
    """Loads one `.cat` file as a module whose attributes are its nets."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exec_module(self, module: ModuleType) -> None:
        """Read the file and put its nets into the module; raises `CatnetError` where it is wrong."""
        program = Program(self.path)
        program.raise_errors()
        module.__file__ = str(self.path)
        module.__doc__ = "\n".join(program.module.file.trailing) or None
        module.__dict__["program"] = program
        for name in program.names:
            module.__dict__[name] = program[name]


class CatFinder(MetaPathFinder):
    """Finds `name.cat` in the folders where Python looks for `name.py`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module that is a `.cat` file, or None."""
        name = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            file = Path(folder or ".") / f"{name}.cat"
            if file.is_file():
                return ModuleSpec(fullname, CatLoader(file), origin=str(file))
        return None


if not any(isinstance(finder, CatFinder) for finder in sys.meta_path):
    sys.meta_path.append(CatFinder())
