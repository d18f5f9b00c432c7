"""A basis for people to read, and the same as data."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from catnet.diagnostics import CatnetError
from catnet.symmetry.cyclotomic import sqrt
from catnet.symmetry.solve.diagrams import Diagram
from catnet.symmetry.solve.linear import Element
from catnet.symmetry.solve.solution import METHODS
from catnet.symmetry.solve.text import entries_text, indices
from catnet.symmetry.solve.words import symbols

if TYPE_CHECKING:
    from catnet.symmetry.intertwiners import Basis, Part

_SMALLER = 8  # values of n below the least one for which the dimension is worked out


def describe(basis: Basis, limit: int, title: str) -> str:
    """The dimension, from which n it holds, how it was found and counted, and at most `limit` elements."""
    lines = [title, _dimension(basis), _found(basis)]
    left = limit
    for part in basis.parts:
        if not part.solution.dimension:
            continue
        lines.append("")
        if len(basis.parts) > 1 or part.source_count != 1 or part.target_count != 1:
            lines.append(_heading(part))
        texts = list(islice(_elements(part), left))
        width = max((len(formula) for formula, words in texts if words), default=0)
        lines += [
            f"{number:>4}  {formula:<{width}}  {words}".rstrip() for number, (formula, words) in enumerate(texts, 1)
        ]
        left -= len(texts)
        if len(texts) < part.solution.dimension:
            lines.append(f"      ... and {part.solution.dimension - len(texts)} more")
    lines += _warnings(basis)
    return "\n".join(lines)


def _dimension(basis: Basis) -> str:
    text = f"dimension {basis.dimension}"
    if any(least > 1 for least in basis.from_n.values()):
        text += ", from " + ", ".join(f"{name} >= {least}" for name, least in basis.from_n.items())
        below = smaller(basis)
        if below:
            text += f" ({', '.join(f'{dimension} at {at}' for at, dimension in below.items())})"
    return text


def smaller(basis: Basis) -> dict[str, int]:
    """The dimension at each smaller n, by a solution of its own; for a group of one symbolic size only."""
    from catnet.symmetry.intertwiners import hom

    group = basis.source.group
    names = symbols(group)
    least = basis.from_n.get(str(group.size), 1)
    found: dict[str, int] = {}
    for value in range(1, min(least, _SMALLER + 1) if len(names) == 1 else 1):
        sizes = {names[0]: value}
        at = group.subst(sizes).size
        if at is not None and (at.value or 0) < least:
            dimension = hom(basis.source.subst(sizes), basis.target.subst(sizes)).dimension
            if isinstance(dimension, int):
                found[f"{names[0]} = {value}"] = dimension
    return found


def _found(basis: Basis) -> str:
    tiers = sorted({part.solution.tier for part in basis.parts})
    text = f"found by {', '.join(f'{METHODS[tier]} (tier {tier})' for tier in tiers)}"
    counted = basis.counted
    if counted is None:
        return f"{text}; not counted a second time"
    return f"{text}; counted again by {counted.method}" + (f" at {counted.at}" if counted.at else "")


def _heading(part: Part) -> str:
    def side(count: object, text: str) -> str:
        return text if count == 1 else f"each of {count} copies of {text}"

    source = f"from {side(part.source_count, part.source.text)} (starts at {part.source_start})"
    return f"{source} to {side(part.target_count, part.target.text)} (starts at {part.target_start})"


def _elements(part: Part) -> list[tuple[str, str]]:
    solution = part.solution
    if solution.diagrams is not None:
        return [_diagram(diagram) for diagram in solution.diagrams]
    return [(entries_text(_true(element, part)), "") for element in solution.elements]


def _true(element: Element, part: Part) -> Element:
    """The matrix in the true bases, so that its first entry is one; as it is where its roots are too many to write."""
    rows, columns = part.target.scale, part.source.scale
    if rows is None and columns is None:
        return element
    squares = {(i, j): (rows[i] if rows else 1) / (columns[j] if columns else Fraction(1)) for i, j in element}
    first = min(element)
    try:
        factors = {ratio: sqrt(ratio) for ratio in {square / squares[first] for square in squares.values()}}
        return {at: x * factors[squares[at] / squares[first]] / element[first] for at, x in element.items()}
    except CatnetError:
        return element


def _diagram(diagram: Diagram) -> tuple[str, str]:
    formula = indices(diagram)
    return str(formula), formula.words


def _warnings(basis: Basis) -> list[str]:
    lines = [f"nothing reads {rep.text}: no equivariant map from it" for rep in basis.unused]
    return lines + [f"nothing reaches {rep.text}: every equivariant map to it is zero" for rep in basis.unreached]


def data(basis: Basis) -> dict[str, object]:
    """JSON-ready: dimension, counts, and for each part its elements, as formulas or as entries."""
    counted = basis.counted
    dimension = basis.dimension
    return {
        "group": str(basis.source.group),
        "source": basis.source.text,
        "target": basis.target.text,
        "dimension": dimension if isinstance(dimension, int) else str(dimension),
        "from": basis.from_n,
        "smaller": smaller(basis),
        "tier": basis.tier,
        "counted": None
        if counted is None
        else {"dimension": counted.dimension, "method": counted.method, "at": counted.at},
        "parts": [_part_data(part) for part in basis.parts],
    }


def _part_data(part: Part) -> dict[str, object]:
    solution = part.solution
    said: dict[str, object] = {
        "source": part.source.text,
        "source_start": str(part.source_start),
        "source_count": str(part.source_count),
        "target": part.target.text,
        "target_start": str(part.target_start),
        "target_count": str(part.target_count),
        "tier": solution.tier,
        "method": METHODS[solution.tier],
        "dimension": solution.dimension,
    }
    for side, scale in (("source", part.source.scale), ("target", part.target.scale)):
        if scale is not None:
            said[f"{side}_scale"] = [str(x) for x in scale]
    if solution.diagrams is not None:
        formulas = map(indices, solution.diagrams)
        said["diagrams"] = [
            {"x": list(f.x), "y": list(f.y), "factors": [[n, list(i)] for n, i in f.factors]} for f in formulas
        ]
    else:
        said["elements"] = [[[i, j, str(x)] for (i, j), x in element.items()] for element in solution.elements]
    return said
