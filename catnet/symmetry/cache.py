"""A cache of solved bases: JSON files named by the hash of the question, which hold numbers and no code.

They lie in `$XDG_CACHE_HOME/catnet/bases` (`~/.cache/catnet/bases`). What is read is verified by whoever asked; a
file that cannot be read, or a folder that cannot be written, only costs the time to solve again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from catnet.symmetry.cyclotomic import MAX_CONDUCTOR, Cyclotomic, Number, number
from catnet.symmetry.exact import Matrix

VERSION = 1  # of the format and of the choice of basis


def folder() -> Path:
    """Where bases are kept, as the environment says now."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if os.path.isabs(base) else Path("~/.cache").expanduser()
    return root / "catnet" / "bases"


def key(pairs: Sequence[tuple[Matrix, Matrix]], outputs: int, inputs: int) -> str:
    """The hash of a question: the matrices of the generators on both sides, and the sizes."""
    said = [VERSION, outputs, inputs, *[[_matrix(a), _matrix(b)] for a, b in pairs]]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def load(name: str) -> list[dict[tuple[int, int], Number]] | None:
    """The elements under a name; None where there are none, or where the file is not what was written."""
    try:
        data = json.loads((folder() / f"{name}.json").read_text("utf-8"))
        return [{(_index(i), _index(j)): _read(x) for i, j, x in element} for element in data]
    except (OSError, ValueError, TypeError, ZeroDivisionError, RecursionError):
        return None


def store(name: str, elements: Sequence[dict[tuple[int, int], Number]]) -> None:
    """Keep elements under a name. A reader sees all of the file or none of it."""
    text = json.dumps([[[i, j, _written(x)] for (i, j), x in element.items()] for element in elements])
    place = folder()
    with contextlib.suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=place, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(unfinished, place / f"{name}.json")
        except OSError:
            os.unlink(unfinished)
            raise


def _matrix(matrix: Matrix) -> list[Any]:
    return sorted([i, j, _written(x)] for (i, j), x in matrix.entries.items())


def _written(x: Number) -> Any:
    """An integer as it is, a fraction as a text, another number as [n, coefficients]."""
    if isinstance(x, Cyclotomic):
        return [x.n, [str(c) for c in x.coefficients]]
    return x if isinstance(x, int) else str(x)


def _read(data: Any) -> Number:
    """The reverse of `_written`; raises `ValueError` for anything else."""
    if isinstance(data, list):
        n, coefficients = data
        if not 1 < _index(n) <= MAX_CONDUCTOR:
            raise ValueError("not the order of a root of unity that we compute with")
        found = tuple(Fraction(c) for c in coefficients)
        if len(found) != _degree(n):
            raise ValueError("not as many coefficients as the field has")
        return number(n, found)
    if isinstance(data, str):
        return Fraction(data)
    if isinstance(data, int) and not isinstance(data, bool):
        return data
    raise ValueError("not a number")


def _index(data: Any) -> int:
    if not isinstance(data, int) or isinstance(data, bool) or data < 0:
        raise ValueError("not an index")
    return data


def _degree(n: int) -> int:
    return sum(math.gcd(u, n) == 1 for u in range(n))
