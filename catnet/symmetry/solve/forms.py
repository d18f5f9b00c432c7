"""How a layer applies a basis at least cost: one assembled matrix, or sums, diagonals and spreads by diagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catnet.symmetry.reps import Rep
from catnet.symmetry.solve.diagrams import Diagram
from catnet.symmetry.solve.solution import Solution
from catnet.symmetry.solve.text import indices
from catnet.symmetry.solve.words import word
from catnet.types.dims import Dim

STEP = 800_000
"""What starting the few operations of one diagram costs, in multiply-adds of a dense product: 12 microseconds at 15
picoseconds each, measured with PyTorch 2.13 on one core."""

ENTRY = 10
"""What reading or writing one entry costs, in multiply-adds of a dense product, measured likewise."""


@dataclass(frozen=True)
class Form:
    """The cost of applying all elements of a basis, in multiply-adds: `batch * each + once` for both forms.

    `diagrams` and `steps` are None where the basis is not given by diagrams, or has epsilons in it.
    """

    dense: Dim
    diagrams: Dim | None
    steps: int | None

    def best(self, batch: int = 1) -> Literal["dense", "diagrams"]:
        """The cheaper form for so many vectors at a time; diagrams where a size is symbolic."""
        if self.diagrams is None or self.steps is None:
            return "dense"
        if self.dense.value is None or self.diagrams.value is None:
            return "diagrams"
        apart = batch * self.diagrams.value + self.steps
        return "diagrams" if apart < batch * self.dense.value else "dense"


def form(source: Rep, target: Rep, solution: Solution) -> Form:
    """The cost of both forms, for one copy of the source and of the target."""
    dense = source.dim * target.dim
    if not solution.diagrams or any(indices(diagram).factors for diagram in solution.diagrams):
        return Form(dense, None, None)
    sizes = _sizes(source, target)
    entries = sum((_entries(diagram, sizes) for diagram in solution.diagrams), Dim.const(0))
    return Form(dense, ENTRY * entries, STEP * len(solution.diagrams))


def _sizes(source: Rep, target: Rep) -> list[Dim]:
    """The size of each leg: those of the target, then those of the source."""
    found = []
    for rep in (target, source):
        read = word(rep)
        assert read is not None, "diagrams are between tensor words"
        found += [read.dims[letter.factor] for letter in read.letters]
    return found


def _entries(diagram: Diagram, sizes: list[Dim]) -> Dim:
    """How many entries of the input are read and of the output written: repeated letters count once."""
    formula = indices(diagram)
    size_of = dict(zip(formula.y + formula.x, sizes, strict=True))
    total = Dim.const(0)
    for letters in (formula.x, formula.y):
        count = Dim.const(1)
        for letter in set(letters):
            count = count * size_of[letter]
        total = total + count
    return total
