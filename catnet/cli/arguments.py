"""Reading what stands on the command line: `-p k=v`, and the files that a path means."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from catnet.diagnostics import fail

MAX_DIGITS = 100
MAX_ITEMS = 64

_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[^\W\d][\w./:-]*")
_QUOTED = re.compile(r'"([^"\\]*)"|\'([^\'\\]*)\'')


def parameters(given: Iterable[str]) -> dict[str, Any]:
    """The values of `-p NAME=VALUE` options; raises `CatnetError` (E0603).

    >>> parameters(["d=64", "p=0.1", "bias=false", "kernel=(3,5)"])
    {'d': 64, 'p': 0.1, 'bias': False, 'kernel': (3, 5)}
    """
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name.isidentifier():
            _refuse(text, "it is not of the form NAME=VALUE", "for example -p d=64")
        if name in found:
            _refuse(text, f"`{name}` is given twice", "")
        found[name] = _value(text, value.strip())
    return found


def typical_sizes(given: Iterable[str], known: Collection[str]) -> dict[str, int]:
    """The sizes of `--at NAME=SIZE` options, of names that a net leaves open; raises `CatnetError` (E0607).

    >>> typical_sizes(["t=512"], {"t", "d"})
    {'t': 512}
    """
    found: dict[str, int] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not _INTEGER.fullmatch(value) or len(value) > MAX_DIGITS or int(value) < 1:
            fail("E0607", f"cannot read `--at {text}`: it is not NAME=SIZE", help="for example --at t=512")
        if name not in known:
            listed = ", ".join(sorted(known))
            help = f"open are {listed}" if listed else "all sizes are known"
            fail("E0607", f"`--at {text}`: the net has no open size `{name}`", help=help)
        found[name] = int(value)
    return found


def _value(whole: str, text: str) -> Any:
    if text[:1] == "(" and text[-1:] == ")" and len(text) > 1:
        items = [item.strip() for item in text[1:-1].split(",")]
        if items and not items[-1]:
            items.pop()
        if not items or len(items) > MAX_ITEMS or any(not i or i[0] == "(" for i in items):
            _refuse(whole, f"`{text}` is not a tuple", "a tuple is written 'kernel=(3,5)'")
        return tuple(_value(whole, item) for item in items)
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text) and len(text) <= MAX_DIGITS:
        return int(text)
    if _FLOAT.fullmatch(text) and len(text) <= MAX_DIGITS and math.isfinite(float(text)):
        return float(text)
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return quoted[1] if quoted[1] is not None else quoted[2]
    if _WORD.fullmatch(text):
        return text
    what = f"`{text}` is not a value" if text else "the value is missing"
    _refuse(whole, what, 'values are 64, 0.1, true, false, "a text" and (3,5)')


def _refuse(text: str, reason: str, help: str) -> NoReturn:
    fail("E0603", f"cannot read `-p {text}`: {reason}", help=help)


def cat_files(paths: Iterable[str]) -> list[Path]:
    """The files that paths mean: a file is itself, a folder all .cat files below it, hidden folders left out.

    Raises `CatnetError` (E0606) for a folder without any.
    """
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        if not path.is_dir():
            found[path] = None
            continue
        inside = list(_below(path))
        if not inside:
            fail("E0606", f"there is no .cat file in `{text}`", help="name a file, or another folder")
        found.update(dict.fromkeys(inside))
    return list(found)


def _below(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(files):
            path = Path(where) / name
            if name.endswith(".cat") and not name.startswith(".") and path.is_file():
                yield path
