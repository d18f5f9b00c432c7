"""What is worth knowing of a bundle beside its laws: orientable, flat, holonomy, degree, trivial.

Every fact has a value (None where it is not decided), the reason, and the word that is due to it. The facts take the
laws for granted; `describe` prints both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from catnet.bundles.evaluating import Undefined
from catnet.bundles.matrices import Entries
from catnet.bundles.nerve import Path, closing_edges, odd_loop, path_text, steps
from catnet.bundles.shown import shown
from catnet.bundles.structures import GeneralLinear
from catnet.bundles.verdicts import Verdict, worst
from catnet.bundles.winding import Degree, degree, parity, sign_along
from catnet.bundles.words import Word
from catnet.symmetry.lie_groups import Orthogonal, Unitary

if TYPE_CHECKING:
    from catnet.bundles.bundle import Bundle

PROVED = Verdict("proved")
MOST_LOOPS = 12  # closed paths that are reported


@dataclass(frozen=True)
class Fact:
    """A fact: its value (True, False, or None where it is not decided) and why."""

    name: str
    value: bool | None
    reason: str
    verdict: Verdict = PROVED

    def __str__(self) -> str:
        said = {True: "yes", False: "no", None: "not decided"}[self.value]
        word = f"{self.verdict.answer}: " if self.value is not None else ""
        return f"{self.name}: {said} ({word}{self.reason})"

    def json(self) -> dict[str, Any]:
        """The fact as data; the verdict is null where it is not decided."""
        verdict = None if self.value is None else self.verdict.json()
        return {"value": self.value, "verdict": verdict, "reason": self.reason}


@dataclass(frozen=True)
class Holonomy:
    """The product of transitions along a closed path, in the coordinates of its first chart; None for learned ones.

    Where transitions vary (`varies`) it is no holonomy: that would need a connection.
    """

    name: str
    path: Path
    matrix: Entries | None
    trivial: Verdict
    varies: bool = False

    def __str__(self) -> str:
        what = "product of transitions" if self.varies else "holonomy"
        return f"{what} {self.name}, {path_text(self.path)}: {self.text}"

    @property
    def text(self) -> str:
        """The matrix as the language writes it."""
        return "learned" if self.matrix is None else self.matrix.text

    def json(self) -> dict[str, Any]:
        """The loop as data; `varies` says that the product is that of transitions which vary."""
        return {"name": self.name, "path": list(self.path), "product": self.text, "varies": self.varies}


class Facts:
    """The facts of one bundle, each found when it is asked for."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    # Loops

    @cached_property
    def loops(self) -> dict[str, Path]:
        """The named loops of the base, or one for each overlap outside a spanning tree."""
        base = self.bundle.base
        if base.loops:
            return dict(base.loops)
        edges = list(closing_edges(base.tree, base.overlaps))
        if base.faces or (base.triples and len(edges) > MOST_LOOPS):
            return {}  # most of them bound a face
        return {f"loop {k}": base.tree.loop(a, b) for k, (a, b) in enumerate(edges[:MOST_LOOPS], 1)}

    def holonomy(self, path: Path, name: str = "loop") -> Holonomy:
        """The product of transitions along a closed path of charts. Raises E0803 where neighbours do not overlap."""
        bundle = self.bundle
        word = Word()
        for a, b in steps(path):
            bundle.base.overlap(a, b)
            word = bundle.word(a, b) * word
        if bundle.base.discrete and not word.letters:
            return Holonomy(name, path, Entries.identity(bundle.fibre.size), Verdict("proved", "words"))
        if bundle.learned:  # where overlaps have no common point, letters are maps at different points
            return Holonomy(name, path, None, Verdict("tested", bound="not at all: the maps are learned"))
        matrix = bundle.composed(path)
        domain = bundle.domain(*dict.fromkeys(path[:2]))
        trivial = domain.vanish((matrix - Entries.identity(bundle.fibre.size)).entries, path)
        varies = any(not bundle.constant(*(p if p in bundle.transitions else p[::-1])) for p in steps(path))
        return Holonomy(name, path, shown(matrix, domain.normal), trivial, varies)

    @cached_property
    def holonomies(self) -> list[Holonomy]:
        """Around every loop."""
        return [self.holonomy(path, name) for name, path in self.loops.items()]

    # Orientation

    @cached_property
    def signs(self) -> dict[tuple[str, str], int] | None:
        """The sign of the determinant on each overlap; None where it is not known."""
        bundle = self.bundle
        found = {}
        for pair in bundle.directions:
            matrix = bundle.transitions[pair].matrix
            try:
                sign = None if matrix is None else self._sign(pair, matrix)
            except Undefined:
                sign = None
            if sign is None:
                return None
            found[pair] = found[pair[::-1]] = sign
        return found

    def _sign(self, pair: tuple[str, str], matrix: Entries) -> int | None:
        if matrix.exact is not None:
            from catnet.symmetry.exact import is_positive

            return 1 if is_positive(matrix.determinant_of_numbers()) else -1
        return sign_along(matrix, self.bundle.domain(*pair))

    @cached_property
    def _trusted(self) -> Verdict:
        """How well it is known that transitions are invertible matrices of the group."""
        found = self.bundle.laws()
        return worst([found.verdict(law) for law in ("transitions in the group", "invertible")])

    @cached_property
    def orientable(self) -> Fact:
        """Whether charts can be turned so that every determinant is positive: the first Stiefel-Whitney class."""
        bundle, group = self.bundle, self.bundle.structure.group
        if bundle.fibre.field == "C":
            return Fact("orientable", True, "complex matrices keep the orientation")
        if isinstance(group, (Orthogonal, GeneralLinear)) and bundle.structure.connected:
            return Fact("orientable", True, f"{group} keeps the orientation", self._trusted)
        if self.signs is None:
            what = "the maps are learned" if bundle.learned else "the sign of a determinant depends on parameters"
            return Fact("orientable", None, what)
        if (loop := self._odd) is not None:
            return Fact("orientable", False, f"w1 is -1 around {path_text(loop)}", self._trusted)
        return Fact("orientable", True, "w1 is zero: the sign cocycle is a coboundary", self._trusted)

    @cached_property
    def _odd(self) -> Path | None:
        signs, base = self.signs, self.bundle.base
        return None if signs is None else odd_loop(base.tree, list(base.overlaps), lambda a, b: signs[a, b])

    @cached_property
    def orientation(self) -> Mapping[str, int]:
        """A sign for each chart: turned by these, all determinants are positive (where the bundle is orientable)."""
        total: dict[str, int] = {}
        for chart, before in self.bundle.base.tree.before.items():
            sign = 1 if before is None or self.signs is None else self.signs[before, chart]
            total[chart] = sign if before is None else total[before] * sign
        return total

    # Flatness

    @cached_property
    def flat(self) -> Fact:
        """Whether the transitions make it flat: constant, or on a discrete base without holonomy around faces."""
        bundle = self.bundle
        if bundle.base.discrete:
            return self._without_curvature()
        varying = [pair for pair in bundle.transitions if not bundle.constant(*pair)]
        if bundle.learned:
            return Fact("flat", None, "the maps are learned")
        if not varying:
            return Fact("flat", True, "every transition is constant")
        found = self.degree
        if found is not None and found.value.value is None:
            return Fact("flat", None, f"its degree is {found.value}: only where that is zero a connection is flat")
        if found is not None and found.value:
            return Fact("flat", False, f"its degree is {found.value}: no connection is flat", found.verdict)
        return Fact("flat", None, f"the transition {' -> '.join(varying[0])} varies")

    def _without_curvature(self) -> Fact:
        faces = self.bundle.base.faces
        if not faces:
            return Fact("flat", True, "there are no faces to be curved around")
        verdicts = []
        for face in faces:
            found = self.holonomy(face, "face")
            if found.matrix is None:
                return Fact("flat", None, f"the maps around {path_text(face)} are learned")
            if not found.trivial.holds:
                return Fact("flat", False, f"curved around {path_text(face)}: {found.matrix.text}", Verdict("proved"))
            verdicts.append(found.trivial)
        return Fact("flat", True, f"no holonomy around the {len(faces)} faces", worst(verdicts))

    # Classes

    @cached_property
    def degree(self) -> Degree | None:
        """How often the transitions wind over a closed oriented surface; None where that is not defined."""
        if self.bundle.base.discrete or self.orientable.value is not True:
            return None
        return degree(self.bundle, self.orientation)

    @cached_property
    def trivial(self) -> Fact:
        """Whether the bundle is a product, where something decides it."""
        base = self.bundle.base
        if base.contractible and not (base.discrete and self.bundle.structure.discrete):
            # with a discrete group a curved square is a loop that frames cannot undo
            return Fact("trivial", True, f"the {base} is contractible")
        if base.dimension == 1 and base.tree_like:
            return Fact("trivial", True, f"the {base} has no loops")
        if self.orientable.value is False:
            return Fact("trivial", False, self.orientable.reason, self.orientable.verdict)
        if base.dimension == 1:
            return self._over_loops()
        found = self._by_degree() or self._by_parity()
        return self._by_frames() if found is None else found

    def _by_parity(self) -> Fact | None:
        """Real oriented bundles of rank three or more over a closed oriented surface: w2 decides."""
        acts = self.bundle.structure
        real = self.bundle.fibre.field == "R" and self.bundle.fibre.size >= 3 and not acts.discrete
        if not real or self.bundle.learned or self.orientable.value is not True or not _definite(acts.group):
            return None
        if (found := parity(self.bundle, self.orientation)) is None:
            return None
        return Fact("trivial", not found.value, f"w2 is {found.value}, which decides for rank three", found.verdict)

    def _over_loops(self) -> Fact:
        """Over a space of dimension one the components of the group decide (a discrete group: the holonomy)."""
        acts = self.bundle.structure
        if acts.discrete:
            return self._by_frames()
        if acts.connected:
            return Fact("trivial", True, f"{acts.group} is connected, and the {self.bundle.base} has dimension one")
        orthogonal = isinstance(acts.group, Orthogonal) and acts.group.q == 0 and not acts.group.special
        if isinstance(acts.group, GeneralLinear) or orthogonal:
            if self.orientable.value:
                reason = "orientable, over a space of dimension one"
                return Fact("trivial", True, reason, self.orientable.verdict)
            return Fact("trivial", None, self.orientable.reason)
        return self._by_frames()

    def _by_degree(self) -> Fact | None:
        found, acts = self.degree, self.bundle.structure
        if found is None:
            return None
        plane = self.bundle.fibre.size == 2 and self.bundle.fibre.field == "R"
        if (value := found.value.value) is None:
            return Fact("trivial", None, f"its degree is {found.value}: trivial exactly where that is zero")
        if value:
            return Fact("trivial", False, f"its degree is {value}", found.verdict)
        unitary = isinstance(acts.group, Unitary) or (isinstance(acts.group, GeneralLinear) and acts.group.field == "C")
        if plane or unitary:
            return Fact("trivial", True, "its degree is 0, which decides on a closed oriented surface", found.verdict)
        return None

    def _by_frames(self) -> Fact:
        """Constant transitions without holonomy are those of a product: frames carried along a tree agree."""
        bundle, base = self.bundle, self.bundle.base
        if bundle.learned or not all(bundle.constant(*pair) for pair in bundle.transitions):
            return Fact("trivial", None, "no class that is known here decides")
        for a, b in closing_edges(base.tree, base.overlaps):
            found = self.holonomy(base.tree.loop(a, b))
            if not found.trivial.holds:
                reason = f"the holonomy around {path_text(found.path)} is not one"
                if bundle.structure.discrete:
                    return Fact("trivial", False, f"{reason}, and {bundle.structure.group} is discrete")
                return Fact("trivial", None, f"{reason}; no class that is known here decides")
        return Fact("trivial", True, "no holonomy: frames carried along charts agree")

    def json(self) -> dict[str, Any]:
        """The facts as data: values with their verdicts and reasons, what winds, and what comes back around loops."""
        degree = self.degree
        return {
            **{fact.name: fact.json() for fact in (self.orientable, self.flat, self.trivial)},
            "degree": None if degree is None else {"value": str(degree.value), **degree.verdict.json()},
            "holonomy": [holonomy.json() for holonomy in self.holonomies],
        }


def _definite(group: object) -> bool:
    """Whether a group is O(n), SO(n) or GL(n), which have the loops of SO(n)."""
    return isinstance(group, GeneralLinear) or (isinstance(group, Orthogonal) and group.q == 0)
