"""The import hook: `.cat` files as Python modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GPT = """\
# A tiny model.
net block(width) : R[t, d] -> R[t, d] = id + (layer_norm >> linear(width) >> gelu >> linear(d))
net gpt2(depth = 2) : R[t, 4] -> R[t, 4] = blocks: block(8) ^ depth
# The end of the file.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "gpt2.cat").write_text(GPT, encoding="utf-8")
    return tmp_path


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """A fresh Python in a folder."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, encoding="utf-8", timeout=120, check=False
    )


def output(folder: Path, code: str) -> str:
    done = run(folder, code)
    assert done.returncode == 0, done.stderr
    return done.stdout


USE = """
import sys
import catnet.hook
from specs.gpt2 import gpt2, block
import specs.gpt2 as module
print(gpt2(depth=3).type)
print(block.__doc__)
print(module.program.names, module.__name__, module.__file__.endswith("gpt2.cat"), module.__doc__)
assert sys.modules["specs.gpt2"] is module
assert "torch" not in sys.modules
print(list(gpt2(t=3).compile().state_dict())[0])
"""


def test_nets_are_imported_by_name(folder: Path) -> None:
    assert output(folder, USE).splitlines() == [
        "R[t, 4] -> R[t, 4]",
        "A tiny model.",
        "['block', 'gpt2'] specs.gpt2 True The end of the file.",
        "blocks.0.layer_norm.weight",
    ]


def test_without_the_hook_nothing_is_imported(folder: Path) -> None:
    done = run(folder, "import catnet\nfrom specs.gpt2 import gpt2")
    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'specs.gpt2'" in done.stderr


def test_a_file_on_the_path_itself(folder: Path) -> None:
    (folder / "single.cat").write_text("net f : R[d] -> R[d] = relu", encoding="utf-8")
    assert output(folder, "import catnet.hook, single; print(single.f().type)") == "R[d] -> R[d]\n"


def test_a_file_in_a_regular_package_with_its_own_imports(folder: Path) -> None:
    package = folder / "package"
    package.mkdir()
    (package / "__init__.py").write_text("import catnet.hook\nfrom .net import use\n", encoding="utf-8")
    (package / "net.cat").write_text(
        'from "part.cat" import part\nnet use : R[d] -> R[d] = part >> part\n', encoding="utf-8"
    )
    (package / "part.cat").write_text("net part : R[d] -> R[d] = relu\n", encoding="utf-8")
    assert output(folder, "from package import use; print(use(d=3).type)") == "R[3] -> R[3]\n"


BROKEN = """
import sys
import catnet.hook
from catnet import CatnetError
try:
    import specs.broken
except CatnetError as error:
    print(*(d.code for d in error.diagnostics))
    print("specs.broken" in sys.modules)
"""


def test_a_broken_file_raises_every_mistake(folder: Path) -> None:
    text = "net f : R[d] -> R[8] = liner(8)\nnet g : R[d] -> R[8] = linear(9)\n"
    (folder / "specs" / "broken.cat").write_text(text, encoding="utf-8")
    assert output(folder, BROKEN) == "E0201 E0203\nFalse\n"
    done = run(folder, "import catnet.hook, specs.broken")
    assert done.returncode == 1
    assert "catnet.diagnostics.CatnetError: error[E0201]: unknown name `liner`" in done.stderr
    assert "broken.cat:1:24" in done.stderr


def test_a_python_module_of_the_same_name_wins(folder: Path) -> None:
    (folder / "specs" / "gpt2.py").write_text("gpt2 = 'python'\n", encoding="utf-8")
    (folder / "json.cat").write_text("net loads : R -> R = relu\n", encoding="utf-8")
    code = "import catnet.hook, json\nfrom specs.gpt2 import gpt2\nprint(gpt2, json.loads('[1]'))"
    assert output(folder, code) == "python [1]\n"


def test_a_package_of_the_same_name_wins(folder: Path) -> None:
    (folder / "specs" / "gpt2").mkdir()
    (folder / "specs" / "gpt2" / "__init__.py").write_text("gpt2 = 'package'\n", encoding="utf-8")
    assert output(folder, "import catnet.hook\nfrom specs.gpt2 import gpt2\nprint(gpt2)") == "package\n"


def test_a_name_that_the_file_does_not_declare(folder: Path) -> None:
    done = run(folder, "import catnet.hook\nfrom specs.gpt2 import gpt3")
    assert "ImportError: cannot import name 'gpt3' from 'specs.gpt2'" in done.stderr


def test_a_folder_or_a_missing_file_is_no_module(folder: Path) -> None:
    (folder / "specs" / "nothing.cat").mkdir()
    for name in ("specs.nothing", "specs.missing", "missing"):
        done = run(folder, f"import catnet.hook, {name}")
        assert f"No module named '{name}'" in done.stderr


def test_reload_reads_the_file_again(folder: Path) -> None:
    code = (
        "import catnet.hook, importlib, pathlib\nimport specs.gpt2 as m\nprint(m.gpt2().type)\n"
        "path = pathlib.Path(m.__file__)\npath.write_text(path.read_text().replace('R[t, 4]', 'R[t, 6]'))\n"
        "importlib.reload(m)\nprint(m.gpt2().type)"
    )
    assert output(folder, code) == "R[t, 4] -> R[t, 4]\nR[t, 6] -> R[t, 6]\n"
