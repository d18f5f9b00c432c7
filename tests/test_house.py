"""The layout of the house: imports run one way, and what people wait for imports neither torch nor sympy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "catnet"

# Each room may import, when its modules are loaded, only from the rooms before it (and from itself).
ORDER = [
    {"diagnostics"},
    {"limits", "nn"},
    {"syntax"},
    {"types"},
    {"symmetry"},
    {"bundles"},
    {"diagrams"},
    {"boxes"},
    {"elaborate", "codes", "files"},
    {"torch", "draw", "weights"},
    {"analysis", "vocabulary", "declare"},
    {"rewrite", "parallel"},
    {"hook", "editor", "testing"},
    {"cli"},
    {"fences"},
    {"sphinx_ext"},
    {"notebook", "__main__"},
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}


def imports(source: str) -> set[str]:
    """The rooms that a module imports when it is loaded: not inside functions, not for type checking."""
    found: set[str] = set()
    stack: list[ast.AST] = [ast.parse(source)]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "catnet":
                names = [f"catnet.{alias.name}" for alias in node.names]
            found |= {n.split(".")[1] for n in names if n.startswith("catnet.")}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("catnet.")}
        stack.extend(ast.iter_child_nodes(node))
    return found


def wrong_ways(room: str, source: str) -> list[str]:
    """The imports of a module in a room that run against the order."""
    return [
        f"{room} imports {other}"
        for other in sorted(imports(source))
        if other != room and RANK.get(other, 99) >= RANK[room]
    ]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        assert imports(path.read_text()) == set(), "the package itself loads nothing"
    else:
        assert wrong_ways(room, path.read_text()) == []


def test_every_room_is_described() -> None:
    table = (PACKAGE.parent / "CONTRIBUTING.md").read_text()
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__", "__main__"}
    assert rooms == {*RANK} - {"__main__"}
    assert [
        room for room in sorted(rooms) if f"| `catnet/{room}`" not in table and f", `catnet/{room}`" not in table
    ] == []


def test_a_wrong_way_would_be_seen() -> None:
    assert wrong_ways("types", "from catnet.boxes import linear") == ["types imports boxes"]
    assert wrong_ways("types", "if TYPE_CHECKING:\n    from catnet.boxes import linear") == []


def loads(code: str) -> set[str]:
    """Which of torch, sympy and the room of bundles a fresh interpreter has loaded after some code."""
    probe = f"import sys\n{code}\nprint(*(m for m in ('torch', 'sympy', 'catnet.bundles') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


SPEC = "net f(k) : R[t, d] -> R[t, k] where k >= 1 = linear(k) >> relu ^ 3"
READ = f"import catnet; from catnet.elaborate.program import Program; p = Program.from_text({SPEC!r}); p.check()"


def test_reading_loads_neither_torch_nor_sympy() -> None:
    code = f"{READ}; d = p['f'](3, d=4); d.type; hash(d); repr(d); d.draw(); d.draw('dot'); d.show(); d.to_networkx()"
    assert loads(code + "; d.source()") == set()


def test_bundles_are_loaded_for_a_spec_that_has_some() -> None:
    examples = PACKAGE.parent / "examples"
    checked = "from catnet.cli import main; main(['check', {!r}])"
    assert loads(checked.format(str(examples / "digits" / "digits.cat"))) == set()
    assert loads(checked.format(str(examples / "bundles" / "sheaves" / "sheaves.cat"))) == {"catnet.bundles"}


def test_loading_torch_would_be_seen() -> None:
    assert "torch" in loads("import torch")
    assert "torch" in loads(f"{READ}; p['f'](3, d=4).compile()")
