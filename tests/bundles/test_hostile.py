"""Hostile bundles end soon: one coded diagnostic with a place, exit code 1, and no file."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from catnet.cli import main

MOEBIUS = (
    "bundle M : circle -> R[1] under O(1) {\n    charts a(t), b(t), c(t)\n    a -> b : 1\n    b -> c : 1\n"
    "    c -> a : -1\n}\n"
)


def twisted(last: str, fibre: str = "R[1]", group: str = "GL(1)") -> str:
    """A bundle over three arcs whose last transition is given."""
    return MOEBIUS.replace("R[1]", fibre).replace("O(1)", group).replace("-1", last)


def filled(size: int) -> str:
    """A complex in which all triangles between so many nodes are filled."""
    names = [f"v{i}" for i in range(size)]
    rows = [f"    {a} -> {b} : 1\n" for i, a in enumerate(names) for b in names[i + 1 :]]
    return f"bundle M : complex -> R[1] under O(1) {{\n    charts {', '.join(names)}\n{''.join(rows)}}}\n"


def dense(size: int) -> str:
    rows = (", ".join(f"cos({i * j + 1}*t)" for j in range(size)) for i in range(size))
    return f"[{', '.join(f'[{row}]' for row in rows)}]"


NET = "net f : R[n, base(M)] @ R[n, 2] -> _ = "
HOSTILE = {
    "a filled complex": (filled(75), "E0707"),
    "a large fibre": (twisted("1", "R[10000]", "GL(10000)"), "E0707"),
    "a group of many roots": (twisted("1", "R[2]", "irrep(D(1000), 1)"), "E0707"),
    "roots of many orders": (twisted("[[cos(2*pi/997), 0], [0, 1]]", "R[2]", "GL(2)"), "E0707"),
    "a root of a large number": (twisted("sqrt(1000000007)"), "E0707"),
    "a large determinant": (twisted(dense(20), "R[20]", "GL(20)") + "bundle D = determinant(M)\n", "E0707"),
    "a large inverse": (twisted(dense(20), "R[20]", "GL(20)") + "bundle D = dual(M)\n", "E0806"),
    "a high power": (twisted("t ^ 1000000"), "E0805"),
    "deep brackets": (twisted("(" * 3000 + "1" + ")" * 3000), "E0102"),
    "deep calls": (twisted("cos(" * 150 + "t" + ")" * 150), "E0102"),
    "a long number": (twisted("1" + "0" * 5000), "E0104"),
    "a hidden division by zero": (twisted("1/(cos(t) - cos(t))"), "E0805"),
    "no size": (twisted("1", "R[1]", "GL()"), "E0801"),
    "too many sizes": (twisted("1", "R[1]", "GL(1, 2, 3, 4, 5)"), "E0801"),
    "a word for a size": (twisted("1", "R[1]", 'GL("x")'), "E0801"),
    "a transition many times": (MOEBIUS.replace("-1", "-1\n" + "    a -> b : 1\n" * 3000), "E0804"),
    "two of one name": (MOEBIUS + MOEBIUS, "E0202"),
    "made of itself": ("bundle M = M * M\n", "E0801"),
    "doubled again and again": (
        MOEBIUS + "bundle E0 = M\n" + "".join(f"bundle E{i + 1} = E{i} + E{i}\n" for i in range(12)),
        "E0218",
    ),
    "a product of many": (MOEBIUS + "bundle E = (M + M)" + " * (M + M)" * 30 + "\n", "E0218"),
    "a pullback of nothing": (MOEBIUS + "bundle E = pullback(M)\n", "E0801"),
    "a pullback by two charts": (MOEBIUS + "bundle E = pullback(M, circle, p = a, q = b)\n", "E0810"),
    "a section of nothing": (MOEBIUS + "section s : M { }\n", "E0811"),
    "a section of another size": (MOEBIUS + "section s : M { a : [1, 2]\n b : 0\n c : 0 }\n", "E0811"),
    "a map of another size": (MOEBIUS + "map g : M -> M { a : [[1, 2], [3, 4]]\n b : 1\n c : 1 }\n", "E0813"),
    "copies on an axis": (MOEBIUS + "net f : R[n, 1000000000*M] -> R[n, 1000000000*M] = id\n", "E0218"),
    "an associated bundle on an axis": (
        MOEBIUS + "net f : R[n, associated(M, 1000000*vector(O(1)))] -> _ = id\n",
        "E0218",
    ),
    "many coordinates": (MOEBIUS + NET + "trivialise(M, total = 100000000000)\n", "E0224"),
    "many layers": (MOEBIUS + NET + "trivialise(M, total = 2, layers = 1000000000)\n", "E0224"),
    "points over nothing": (
        MOEBIUS + "net f : R[n, base(M)] -> R[n, 5, 2] {\n    share t = trivialise(M, total = 2)\n"
        "    return id >> sample(t, count = 5)\n}\n",
        "E0204",
    ),
    "a long time": (
        "bundle M : graph -> R[1] under O(1) { charts a, b  a -> b : 1 }\n"
        "net f : R[2, M, c] -> R[2, M, c] = diffuse(M, time = 1e300, steps = 100000000000)\n",
        "E0224",
    ),
    "a wide kernel": (
        MOEBIUS + "net f : R[3*trivial(C(2)), across(M, 8), along(M, 16)] -> _ = "
        "strip_conv(2*regular(C(2)), 1000000001)\n",
        "E0207",
    ),
}
COMMANDS = {
    "check": "check a.cat",
    "bundle": "bundle a.cat M -o out.svg",
    "compile": "compile a.cat f -o out.py",
    "render": "render a.cat f -o out.svg",
    "show": "show a.cat f",
    "prove": "prove a.cat f",
}
SLOW = {"a filled complex", "a group of many roots", "a large determinant"}


def cases() -> list[Any]:
    """Each program with `check` and with one more command in turn; the rest, and what takes seconds, is slow."""
    found = []
    for i, (name, (text, _)) in enumerate(HOSTILE.items()):
        words = [*COMMANDS]
        if re.search(r"^(net|section|map|bundle [DE])", text, re.MULTILINE):
            words.remove("bundle")  # which asks about M, and the mistake is elsewhere
        for command in words:
            quick = name not in SLOW and command in ("check", words[1 + i % (len(words) - 1)])
            found.append(pytest.param(name, command, marks=() if quick else pytest.mark.slow))
    return found


@pytest.mark.parametrize(("name", "command"), cases())
def test_it_ends_soon_with_one_diagnostic(
    name: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text, code = HOSTILE[name]
    Path("a.cat").write_text(text, encoding="utf-8")
    start = time.process_time()
    ended = main(COMMANDS[command].split())
    assert time.process_time() - start < 20
    told = "".join(capsys.readouterr())
    assert ended == 1
    assert re.findall(r"error\[(E\d+)\]", told) == [code]
    assert "--> a.cat:" in told
    assert "Traceback" not in told
    assert not list(tmp_path.glob("out*"))
