"""Maxima and minima in normal form, and the value of an atom at a point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from catnet.types.dims_atoms import (
    MAX_POWER,
    Atom,
    DimError,
    Exp,
    Extremum,
    FloorDiv,
    Symbol,
    bounded_power,
)

if TYPE_CHECKING:
    from catnet.types.dims import Dim


def extremum(kind: Literal["max", "min"], dims: Sequence[Dim]) -> Dim:
    """Flatten, then drop each argument that another one beats by a constant."""
    sign = 1 if kind == "max" else -1
    kept: list[Dim] = []
    for dim in _flattened(kind, dims):
        gaps = [(dim - other).value for other in kept]
        if any(gap is not None and sign * gap <= 0 for gap in gaps):
            continue
        kept = [other for other, gap in zip(kept, gaps, strict=True) if gap is None] + [dim]
    if not kept:
        raise DimError(f"{kind} of no dimensions")
    if len(kept) == 1:
        return kept[0]
    if len(kept) > MAX_POWER:
        raise DimError(f"{kind} of more than {MAX_POWER} dimensions")
    atom = Extremum(kind, tuple(sorted(kept, key=lambda dim: dim.key)))
    return dims[0].from_terms({((atom, 1),): 1})


def _flattened(kind: str, dims: Iterable[Dim]) -> Iterable[Dim]:
    for dim in dims:
        atoms = dim.atoms() if len(dim.coefficients) == 1 else []
        atom = atoms[0] if len(atoms) == 1 else None
        if isinstance(atom, Extremum) and atom.kind == kind and dim.coefficients == {((atom, 1),): 1}:
            yield from atom.arguments
        else:
            yield dim


def evaluate_atom(atom: Atom, mapping: Mapping[str, int]) -> int:
    """The integer that an atom stands for; DimError where it is undefined."""
    if isinstance(atom, Symbol):
        try:
            return mapping[atom.name]
        except KeyError:
            raise DimError("no value for the name {!r}", atom.name) from None
    numbers = [part.evaluate(mapping) for part in atom.parts]
    if isinstance(atom, FloorDiv):
        if numbers[1] <= 0:
            problem = "division by zero" if numbers[1] == 0 else "division by a negative number"
            raise DimError("{} in a dimension: ({})//({})", problem, atom.numerator, atom.denominator)
        return numbers[0] // numbers[1]
    if isinstance(atom, Exp):
        if numbers[0] < 0:
            raise DimError("negative exponent in a dimension: {}^({})", atom.base, atom.exponent)
        return bounded_power(atom.base, numbers[0])
    assert isinstance(atom, Extremum)
    return max(numbers) if atom.kind == "max" else min(numbers)
