"""Sections and maps of vector bundles, by their components over each chart, with the laws that glue them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catnet.bundles.base_maps import BaseMap
from catnet.bundles.bundle import Bundle
from catnet.bundles.derived import need_same, pullback
from catnet.bundles.expressions import conjugate, expression
from catnet.bundles.laws import single_valued
from catnet.bundles.matrices import Entries
from catnet.bundles.singular import invertible
from catnet.bundles.verdicts import Law, Verdict, worst
from catnet.diagnostics import CatnetError, Diagnostic, fail


@dataclass(frozen=True, eq=False)
class Section:
    """A section of a bundle: over each chart a column of expressions in its coordinates."""

    bundle: Bundle
    components: Mapping[str, Entries]

    def laws(self) -> list[Law]:
        """Over each chart, that the components come back after a turn of an angle, and are real over a real fibre; on
        each overlap, that `s_b = T(a, b) s_a`. Over a graph or a mesh nothing is asked: edges transport."""
        found = _of_charts(self.bundle, self.components)
        pairs = () if self.bundle.base.discrete else self.bundle.transitions
        return [*found, *(Law("section agrees", pair, self._agrees(*pair)) for pair in pairs)]

    def _agrees(self, a: str, b: str) -> Verdict:
        after = self.components[b].substitute(self.bundle.base.overlap(a, b).change)
        rest = self.bundle.transition(a, b) @ self.components[a] - after
        return self.bundle.domain(a, b).vanish(rest.entries, (a, b))

    def check(self) -> None:
        """Raise E0812 for each overlap where the section does not agree."""
        _raise("E0812", f"the section of `{self.bundle.name}` does not agree", self.laws(), "it is s_b = T(a, b) s_a")


def section(bundle: Bundle, components: Mapping[str, Any]) -> Section:
    """A section by its components over every chart: lists of expressions, or one.

    Raises E0803 for a name that is no chart, E0811 for a chart without components and for a wrong number of them.
    """
    for chart in components:
        bundle.base.need_chart(chart)
    found = {}
    for chart in bundle.base.charts:
        if chart not in components:
            fail("E0811", f"the section of `{bundle.name}` has no components over the chart `{chart}`")
        given = components[chart]
        values = list(given) if isinstance(given, (list, tuple)) else [given]
        if len(values) != bundle.fibre.size:
            fail(
                "E0811",
                f"the section of `{bundle.name}` has {len(values)} components over `{chart}`, "
                f"its fibre {bundle.fibre} has {bundle.fibre.size}",
            )
        found[chart] = Entries(tuple((expression(value),) for value in values))
    return Section(bundle, found)


@dataclass(frozen=True, eq=False)
class BundleMap:
    """A linear map of bundles over one base: a matrix over each chart."""

    source: Bundle
    target: Bundle
    matrices: Mapping[str, Entries]

    def laws(self) -> list[Law]:
        """Over each chart, that the entries come back after a turn of an angle, and are real between real fibres; on
        each overlap, `T'(a, b) M_a = M_b T(a, b)`: the map commutes with the transitions."""
        found = _of_charts(self.target, self.matrices)
        return [*found, *(Law("map commutes", pair, self._commutes(*pair)) for pair in self.source.transitions)]

    def _commutes(self, a: str, b: str) -> Verdict:
        after = self.matrices[b].substitute(self.source.base.overlap(a, b).change)
        rest = self.target.transition(a, b) @ self.matrices[a] - after @ self.source.transition(a, b)
        domain = self.source.domain(a, b)
        domain.sorts = {**self.target.parameters, **domain.sorts}
        return domain.vanish(rest.entries, (a, b))

    def check(self) -> None:
        """Raise E0813 for each overlap where the map does not commute with the transitions."""
        what = f"the map from `{self.source.name}` to `{self.target.name}` does not commute with the transitions"
        _raise("E0813", what, self.laws(), "it is T'(a, b) M_a = M_b T(a, b)")

    def isomorphism(self) -> Verdict:
        """Whether the map is invertible over every point."""
        if self.source.fibre.size != self.target.fibre.size:
            return Verdict("refuted", f"the fibres are {self.source.fibre} and {self.target.fibre}")
        verdicts = []
        for chart, matrix in self.matrices.items():
            domain = self.source.domain(chart)
            domain.sorts = {**self.target.parameters, **domain.sorts}
            verdicts.append(invertible(matrix, domain, (chart,)))
        return worst(verdicts)

    def inverse(self) -> BundleMap:
        """The inverse map. Raises E0814 where this is no isomorphism."""
        verdict = self.isomorphism()
        if not verdict.holds:
            reason = verdict.witness or verdict.method
            fail("E0814", f"the map from `{self.source.name}` to `{self.target.name}` has no inverse: {reason}")
        return BundleMap(self.target, self.source, {chart: m.inverse() for chart, m in self.matrices.items()})

    def __rshift__(self, other: BundleMap) -> BundleMap:
        """First this map, then the other. Raises E0813 where it starts from another bundle."""
        if self.target is not other.source:
            fail("E0813", f"a map into `{self.target.name}` is followed by one from `{other.source.name}`")
        return BundleMap(self.source, other.target, {c: other.matrices[c] @ m for c, m in self.matrices.items()})


def bundle_map(source: Bundle, target: Bundle, matrices: Mapping[str, Any], over: BaseMap | None = None) -> BundleMap:
    """A map of vector bundles by a matrix over each chart; `over` a map of bases it goes into the pulled back bundle.

    Raises E0816 for bundles over different bases, E0813 for a chart without a matrix or of the wrong shape.
    """
    if over is not None:
        need_same(source.base, over.source, source.name)
        target = pullback(target, over)
    need_same(source.base, target.base, target.name)
    shape = (target.fibre.size, source.fibre.size)
    found = {}
    for chart in source.base.charts:
        if chart not in matrices:
            fail("E0813", f"the map from `{source.name}` to `{target.name}` has no matrix over the chart `{chart}`")
        found[chart] = Entries.of(matrices[chart], f"the map over {chart}")
        if found[chart].shape != shape:
            rows, columns = found[chart].shape
            fail("E0813", f"the map over `{chart}` is a matrix of {rows} x {columns}, not {shape[0]} x {shape[1]}")
    return BundleMap(source, target, found)


def _of_charts(bundle: Bundle, values: Mapping[str, Entries]) -> list[Law]:
    """What is asked of entries over each chart."""
    found = []
    for chart, matrix in values.items():
        verdict = single_valued(bundle, chart, matrix)
        if verdict is not None:
            found.append(Law("single-valued", (chart,), verdict))
        if bundle.fibre.field == "R":
            imaginary = [entry - conjugate(entry) for entry in matrix.entries]
            real = bundle.domain(chart).vanish([entry for entry in imaginary if entry], (chart,))
            if not real.holds:
                found.append(Law("real", (chart,), real))
    return found


def _raise(code: str, what: str, laws: list[Law], fix: str) -> None:
    found = [Diagnostic(code, f"{what}: {law.verdict.witness}", help=fix) for law in laws if not law.verdict.holds]
    if found:
        raise CatnetError(*found)
