"""What people see: the rendering of each diagnostic, pinned in golden/CODE.txt, from the registry's examples.

CATNET_GOLDEN=write writes the files; read the difference as a user of catnet would.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from catnet.cli import main
from catnet.codes import CODES, MAIN, Code
from catnet.diagrams.typing import Typing

GOLDEN = Path(__file__).parent / "golden"
Golden = Callable[[Path, str], None]

# The command that finds what `catnet check net.cat` does not find in the bad example.
COMMANDS = {
    "E0106": ["check", "huge.cat"],
    "E0214": ["compile", MAIN, "block"],
    "E0401": ["law", MAIN],
    "E0501": ["compile", MAIN, "block"],
    "E0601": ["show", MAIN, "clasifier"],
    "E0602": ["compile", MAIN, "classifier", "-o", "missing/model.py"],
    "E0603": ["show", MAIN, "classifier", "-p", "d=(3,,5)"],
    "E0604": ["explain", "E0230x"],
    "E0605": ["render", MAIN, "classifier", "-o", "net.gif"],
    "E0606": ["check", "empty"],
    "E0607": ["optimise", MAIN, "classifier", "--at", "q=3"],
    "E0610": ["diff", MAIN, MAIN, "-o", "net.svg"],
    "E0504": ["check", "--boxes", "mine", MAIN],
    "E0505": ["check", "--boxes", "mine", MAIN],
    "E0506": ["compile", "--boxes", "mine", MAIN, "layer"],
    "E0507": ["check", "--boxes", "mine", MAIN],
    "E0708": ["basis", "C(n)", "regular(G) -> V*V"],
    "E0720": ["basis", "C(200)", "V*V*V -> V"],
    "E0723": ["basis", "SO(3)", "V*V"],
    "E0901": ["plan", MAIN, "classifier", "--part", "blocks.*"],
    "E0902": ["plan", MAIN, "block", "--tensor", "3"],
    "E0903": ["plan", MAIN, "block", "--stages", "8"],
    "E0904": ["plan", MAIN, "block", "--part", "up"],
}
# No command raises these in a text of ours: mistakes of catnet's own, the import of a leaf in memory, numbers too
# large, packages that may be installed or not.
ELSEWHERE = {"E0107", "E0502", "E0608", "E0609", "E0713", "E0721", "E0722"}

# More ways to one code, each with a message of its own.
VARIANTS = {
    "E0201-std": "net f : R[t, d] -> R[t, d] where d % 4 == 0 = layer_norm >> attention(4)\n",
    "E0204-braces": "net f : R[t, d] -> R[t, d] {\n    y = linear(d)\n    return y >> relu\n}\n",
    "E0212-wire": "net f : (x: R[t, d]) -> R[t, d] { return x >> linear(features = x) }\n",
    "E0212-family": "rep V(k) = k*vector(O(3))\n\nnet f : R[n, V] -> R[n, 3] = linear(3)\n",
    "E0213-wire": "net f : (x: R[t, d]) -> R[t, d] {\n    s = sigmoid(x)\n    return s * x >> linear(d, s)\n}\n",
    "E0203-rank": "net f : R[h, w] -> R[4] = linear(4)\n",
    "E0203-symbols": "net f : R[t, d] -> R[t, 2*d] = linear(3*d)\n",
    "E0203-far": "net f : R[t, 512] -> R[t, 512] = linear(768) >> relu >> layer_norm >> block\n"
    "net block : R[t, 512] -> R[t, 512] = id\n",
    "E0203-if": "net f(n) : R[d] -> R[8] = if n == 1 then linear(8) else linear(9)\n",
    "E0203-law": "law same : linear(8) == linear(9)\n",
    "E0203-argument": "net twice(f: R[d] -> R[d]) : R[d] -> R[d] = f >> f\nnet g : R[4] -> R[4] = twice(linear(5))\n",
    "E0203-shared": "net f : (x: R[4]) -> R[8] {\n    share w = linear(8)\n    return x >> w >> w\n}\n",
    "E0204-names": "net f : (x: R[d]) -> R[d] {\n    a, b = x >> linear(d)\n    return a + b\n}\n",
    "E0204-promise": "net f : R[d] -> R[d] @ R[d] = linear(d)\n",
    "E0204-sum": "net f : R[d] @ R[d] -> R[d] = id + add\n",
    "E0205-promise": "net f : R[d] -> Z[d] = relu\n",
    "E0206-open": "net halve : R[2*k] -> R[k] = linear(k)\nnet f : R[d] -> R[d//2] = halve\n",
    "E0207-where": "net f : R[d] -> R[d] where d > 5, d < 3 = relu\n",
    "E0210-static": "net f(k) : (x: R[d]) -> R[k] {\n    k = x >> linear(k)\n    return k\n}\n",
    "E0212-divided": "net f : R[d] -> R[d//2] = linear(d/2)\n",
    "E0217-deep": "net f(n) : R[d] -> R[d] = if n == 0 then id else linear(d) >> f(n + 1)\n"
    "net g : R[d] -> R[d] = f(3)\n",
    "E0217-chain": "net f : R[d] -> R[d] = relu >> g\nnet g : R[d] -> R[d] = tanh >> f\n",
    "E0217-box": "net gelu : R[d] -> R[d] = linear(d) >> gelu\n",
    "E0213-box": "net lstm(n) : R[d] -> R[d] = if n == 0 then id else lstm(n - 1, layers = 2)\n",
    "E0219-types": "net f(n) : R[d] -> R[d] = seq(i in 0..n, linear(d) >> flatten >> linear(i))\n",
    "E0225-large": "net f : R[2^5000] -> R[8] = linear(8)\n",
    "E0230-wire": "net f : R[d] -> _ = linear(10)\n",
    "several": "net f : R[d] -> R[8] = liner(8)\nnet g : R[d] -> R[8] = linear(\n"
    "net h : Fin(9)[t] -> R[t, 8] = linear(8)\n",
}


@pytest.fixture
def rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_boxes: None
) -> Callable:
    """Write files beside each other, run a command there, and return what it printed."""
    folder = tmp_path / "specs"
    (folder / "empty").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setitem(Typing.__init__.__kwdefaults__, "budget", 2_000)

    def run(files: dict[str, str], command: list[str]) -> str:
        for name, body in files.items():
            (folder / name).write_text(body, encoding="utf-8")
        main(command)
        output = "".join(capsys.readouterr()).replace(str(folder.resolve()), "<folder>")
        return re.sub(r"\d\.\d+(e[-+]\d+)?(?= \(relative\))", "N", output)

    return run


CLASSIFIER = "net classifier : R[64] -> R[10] = linear(10)\n"


def files_of(entry: Code) -> dict[str, str]:
    """The files of the bad example; those of a command that needs a right program if there is none."""
    if entry.code == "E0106":
        return {"huge.cat": "#" * (16 * 2**20 + 1)}
    return {MAIN: entry.bad or CLASSIFIER, **entry.files, **entry.bad_files}


@pytest.mark.parametrize("code", [code for code in CODES if code not in ELSEWHERE])
def test_each_code(code: str, rendered: Callable, golden: Golden) -> None:
    text = rendered(files_of(CODES[code]), COMMANDS.get(code, ["check", MAIN]))
    assert f"[{code}]: " in text
    golden(GOLDEN / f"{code}.txt", text)


@pytest.mark.parametrize("name", VARIANTS)
def test_variants(name: str, rendered: Callable, golden: Golden) -> None:
    text = rendered({MAIN: VARIANTS[name]}, ["check", MAIN])
    code = name.split("-")[0]
    assert code == "several" or f"[{code}]: " in text
    golden(GOLDEN / f"{name}.txt", text)


def test_no_golden_file_is_left_over() -> None:
    expected = {*VARIANTS, *(code for code in CODES if code not in ELSEWHERE)}
    assert {path.stem for path in GOLDEN.glob("*.txt")} == expected


def test_no_message_shows_an_inference_variable() -> None:
    for path in GOLDEN.glob("*.txt"):
        assert not re.search(r"\?\w*\d|\?_", path.read_text(encoding="utf-8")), path
