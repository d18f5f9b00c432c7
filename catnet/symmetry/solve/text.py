"""What a person reads of an intertwiner: which entries of x are summed, and where in y they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catnet.symmetry.cyclotomic import Number
from catnet.symmetry.solve.diagrams import Block, Diagram

TERMS = 8  # entries of a matrix that are written out


@dataclass(frozen=True)
class Indices:
    """A diagram as a formula: one letter for each axis of y and of x, and the tensors that join letters.

    `factors` are pairs such as ("eps", "ijk"); a letter of x that y lacks is summed, one of y that x lacks is
    spread over.
    """

    y: str
    x: str
    factors: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        given = [f"{name}[{', '.join(letters)}]" for name, letters in self.factors]
        read = f"x[{', '.join(self.x)}]" if self.x else "x"
        written = f"y[{', '.join(self.y)}]" if self.y else "y"
        return f"{' '.join([*given, read])} -> {written}"

    @property
    def words(self) -> str:
        """What is done, in words: "sum over j, then spread over k"."""
        if not self.factors and len(set(self.x)) == len(self.x) and sorted(self.x) == sorted(self.y):
            return "copy" if self.x == self.y else "transpose"
        held = set(self.x) | {letter for _, letters in self.factors for letter in letters}
        summed = [c for c in dict.fromkeys(self._all()) if c in held and c not in self.y]
        spread = [c for c in dict.fromkeys(self.y) if c not in held]
        diagonal = [c for c in spread if self.y.count(c) > 1]
        said = [f"sum over {', '.join(summed)}"] if summed else []
        if plain := [c for c in spread if c not in diagonal]:
            said.append(f"spread over {', '.join(plain)}")
        if diagonal:
            said.append(f"spread along the diagonal of {', '.join(diagonal)}")
        kept = [c for c in dict.fromkeys(self.y) if c in self.x and self.y.count(c) > 1]
        if kept:
            said.append(f"put on the diagonal of {', '.join(kept)}")
        return ", then ".join(said)

    def _all(self) -> str:
        return self.x + "".join(letters for _, letters in self.factors)


def indices(diagram: Diagram) -> Indices:
    """The formula of a diagram.

    >>> from catnet.symmetry.solve.diagrams import Leg, Space
    >>> legs = (Leg(0, True), Leg(0, False), Leg(0, False))
    >>> cross = Diagram((Space("SO", 3),), legs, (Block("epsilon", (0, 1, 2)),))
    >>> str(indices(cross)), indices(cross).words
    ('eps[i, j, k] x[j, k] -> y[i]', 'sum over j, k')
    """
    letters: dict[int, str] = {}
    fresh = _letters()
    joined = {leg: block for block in diagram.blocks for leg in block.legs}
    for leg in range(len(diagram.legs)):
        block = joined[leg]
        shared = block.joint == "same" or (block.joint == "pair" and not _tensor(diagram, block))
        first = block.legs[0]
        letters[leg] = letters[first] if shared and first in letters else next(fresh)
    factors = [
        (name, "".join(letters[leg] for leg in block.legs))
        for block in diagram.blocks
        if (name := _tensor(diagram, block))
    ]
    read = [letters[leg] for leg in range(len(diagram.legs))]
    return Indices("".join(read[: diagram.outputs]), "".join(read[diagram.outputs :]), tuple(factors))


def _letters() -> Iterator[str]:
    yield from "ijklmnopqrstuvwabcdefgh"
    yield from (chr(code) for code in range(ord("A"), ord("Z") + 1))
    yield from (chr(code) for code in range(0x3B1, 0x3B1 + 1000))


def _tensor(diagram: Diagram, block: Block) -> str:
    """The name of the tensor that joins a block; empty where a repeated letter says it all."""
    if block.joint == "epsilon":
        return "eps"
    if block.joint == "pair":
        space = diagram.space(block.legs[0])
        level = len({diagram.legs[leg].upper for leg in block.legs}) == 1
        if level and space.family == "Sp":
            return "J"
        if level and space.negative:
            return "g"
    return ""


def entries_text(entries: dict[tuple[int, int], Number]) -> str:
    """A sparse matrix as sums: "y0 = x1 - 2*x2; y1 = x0"; what is longer than a few terms is cut, and says so."""
    rows: dict[int, list[tuple[int, Number]]] = {}
    for (i, j), x in sorted(entries.items(), key=lambda item: item[0])[:TERMS]:
        rows.setdefault(i, []).append((j, x))
    text = "; ".join(f"y{i} = {_sum(terms)}" for i, terms in rows.items())
    return text + (f"; ... {len(entries)} terms" if len(entries) > TERMS else "")


def _sum(terms: list[tuple[int, Number]]) -> str:
    text = ""
    for j, x in terms:
        shown = str(x)
        compound = " " in shown
        negative = shown.startswith("-") and not compound
        size = shown[1:] if negative else f"({shown})" if compound else shown
        sign = (" - " if negative else " + ") if text else ("-" if negative else "")
        text += sign + (f"x{j}" if size == "1" else f"{size}*x{j}")
    return text
