"""The laws of a bundle, each with its verdict: transitions in the group, inverse to each other, and a cocycle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import permutations
from typing import TYPE_CHECKING

from catnet.bundles.deciding import Domain
from catnet.bundles.expressions import Expr, name, pi, substitute
from catnet.bundles.matrices import Entries
from catnet.bundles.nerve import steps
from catnet.bundles.singular import invertible, no_pole, positive
from catnet.bundles.structures import GeneralLinear
from catnet.bundles.verdicts import Law, Verdict, Witness, worst
from catnet.bundles.words import Word
from catnet.diagnostics import CatnetError, Diagnostic
from catnet.limits import bounded, spend

if TYPE_CHECKING:
    from catnet.bundles.bundle import Bundle

CODES = {
    "single-valued": "E0815",
    "transitions in the group": "E0807",
    "inverse": "E0804",
    "cocycle": "E0808",
    "invertible": "E0809",
}
"""The laws, with the code of what breaks them."""

STEPS_OF_A_LAW = 200  # what it costs to decide one law at one place, besides its matrices

HELP = {
    "single-valued": "an angle comes back after a full turn: multiply it by an integer",
    "transitions in the group": "correct the matrix, or declare a larger structure group",
    "inverse": "give one direction only: the other is its inverse",
    "cocycle": "around three charts that meet, the product of transitions is one",
    "invertible": "a transition is an isomorphism of fibres at every point of its overlap",
}


@dataclass(frozen=True)
class Laws:
    """The laws of a bundle, at each place where one is claimed."""

    name: str
    all: tuple[Law, ...]

    def of(self, law: str) -> list[Law]:
        """The places of one law."""
        return [entry for entry in self.all if entry.name == law]

    def verdict(self, law: str) -> Verdict:
        """The weakest verdict of one law."""
        return worst([entry.verdict for entry in self.of(law)])

    @property
    def refuted(self) -> list[Law]:
        return [law for law in self.all if not law.verdict.holds]

    @property
    def hold(self) -> bool:
        """Whether no law is refuted."""
        return not self.refuted

    @property
    def proved(self) -> bool:
        """Whether every law is proved."""
        return all(law.verdict.answer == "proved" for law in self.all)

    def check(self) -> None:
        """Raise a diagnostic for each refuted law at each place (one for all triple overlaps)."""
        triples = [law for law in self.refuted if law.name == "cocycle"]
        found = [
            Diagnostic(
                CODES[law.name], f"`{self.name}` breaks a law, {law.name}: {law.verdict.witness}", help=HELP[law.name]
            )
            for law in self.refuted
            if law not in triples[1:]
        ]
        if found:
            raise CatnetError(*found)


def laws(bundle: Bundle) -> Laws:
    """Decide every law of a bundle. Raises E0707 where there are too many places, or too large matrices."""
    with bounded("E0707", "to decide the laws of `{}`", bundle.name):
        return Laws(bundle.name, tuple(_decided(bundle)))


def _decided(bundle: Bundle) -> Iterator[Law]:
    for pair in bundle.transitions:
        spend(STEPS_OF_A_LAW)
        yield from _of_transition(bundle, pair)
    for a, b in bundle.transitions:
        if (b, a) in bundle.transitions and a < b:
            yield Law("inverse", (a, b), _closed(bundle, (a, b, a)))
    for triple in () if bundle.base.discrete else bundle.base.triples:
        spend(STEPS_OF_A_LAW)
        yield Law("cocycle", triple, _cocycle(bundle, triple))


def _of_transition(bundle: Bundle, pair: tuple[str, str]) -> Iterator[Law]:
    matrix = bundle.transitions[pair].matrix
    if matrix is None:
        word = bundle.transitions[pair].word
        yield Law("transitions in the group", pair, Verdict("proved", f"{word} is a product of maps in the group"))
        return
    domain = bundle.domain(*pair)
    if _has_fractions(bundle, pair, matrix, domain):
        yield Law("single-valued", pair, _periodic(bundle, pair, matrix, domain))
    member = _member(bundle, pair, matrix, domain)
    yield Law("transitions in the group", pair, member)
    general = isinstance(bundle.structure.group, GeneralLinear)
    if member.holds and (general or matrix.exact is None):  # other matrices outside the group are told once
        yield Law("invertible", pair, invertible(matrix, domain, pair) if general else no_pole(matrix, domain, pair))


def single_valued(bundle: Bundle, chart: str, matrix: Entries) -> Verdict | None:
    """Whether entries over one chart come back after a full turn; None where no angle is divided."""
    domain = bundle.domain(chart)
    return _periodic(bundle, (chart,), matrix, domain) if _has_fractions(bundle, (chart,), matrix, domain) else None


def _angles(bundle: Bundle, chart: str) -> list[str]:
    return [c.name for c in bundle.base.charts[chart] if c.sort == "angle"]


def _has_fractions(bundle: Bundle, pair: tuple[str, ...], matrix: Entries, domain: Domain) -> bool:
    """Whether an angle of the chart is divided under exp, cos or sin."""
    angles = {*_angles(bundle, pair[0])} & matrix.names
    stack, seen = list(matrix.entries) if angles else [], set()
    while stack:
        value = stack.pop()
        if value in seen:
            continue
        seen.add(value)
        if value.op in ("exp", "cos", "sin"):
            form = domain.reading.phase(value.parts[0], value.op == "exp")
            if any(key[0] in angles and q.denominator != 1 for key, q in form):
                return True
        stack += [part for part in value.parts if isinstance(part, Expr)]
    return False


def _periodic(bundle: Bundle, pair: tuple[str, ...], matrix: Entries, domain: Domain) -> Verdict:
    """Whether a full turn of each angle changes nothing."""
    verdicts = []
    for angle in _angles(bundle, pair[0]):
        turned = {angle: name(angle) + 2 * pi}
        verdicts.append(domain.vanish([substitute(e, turned) - e for e in matrix.entries], pair))
    return worst(verdicts)


def _member(bundle: Bundle, pair: tuple[str, str], matrix: Entries, domain: Domain) -> Verdict:
    acts = bundle.structure
    if acts.listing is not None and matrix.exact is not None:
        if matrix.exact in acts.listing:
            return Verdict("proved", f"an element of {acts.group}")
        return _outside(pair, matrix, str(acts))
    if acts.listing is not None and not acts.natural:
        return _outside(pair, matrix, str(acts))
    verdicts = []
    for words, equations in acts.equations(matrix):
        verdict = domain.vanish(equations, pair)
        if verdict.witness is not None:
            said = f"{words} of {acts} fails by {verdict.witness.residual:.3g}"
            verdict = Verdict(
                "refuted", words, witness=Witness(pair, verdict.witness.point, verdict.witness.residual, said)
            )
        verdicts.append(verdict)
    if isinstance(acts.group, GeneralLinear) and acts.group.positive:
        verdicts.append(positive(matrix, domain, pair))
    return worst(verdicts)


def _outside(pair: tuple[str, str], matrix: Entries, group: str) -> Verdict:
    text = f"{matrix.text} is no element of {group}"
    return Verdict("refuted", "the elements listed", witness=Witness(pair, text=text))


def _closed(bundle: Bundle, path: tuple[str, ...]) -> Verdict:
    """Whether the product along a closed path is one: by words, then by matrices."""
    words = [bundle.word(a, b) if (a, b) in bundle.transitions else None for a, b in steps(path)]
    if None not in words:
        product = reduce(lambda left, right: right * left, (word for word in words if word is not None), Word())
        if not product.letters:
            return Verdict("proved", "words in a free groupoid")
        if bundle.learned:
            return Verdict("refuted", "words", witness=Witness(path, text=f"{product} does not cancel"))
    matrix = bundle.composed(path)
    return _reported(bundle.domain(*path).vanish((matrix - Entries.identity(bundle.fibre.size)).entries, path))


def _cocycle(bundle: Bundle, triple: tuple[str, ...]) -> Verdict:
    """`T(b, c) T(a, b) = T(a, c)`, with the charts in such an order that declared matrices are not inverted."""
    declared = bundle.transitions
    for a, b, c in permutations(triple):
        if (a, b) in declared and (b, c) in declared and (a, c) in declared:
            product = bundle.word(b, c) * bundle.word(a, b) * bundle.word(a, c).inverse()
            if not product.letters:
                return Verdict("proved", "words in a free groupoid")
            if bundle.learned:
                return Verdict("refuted", "words", witness=Witness((a, b, c), text=f"{product} does not cancel"))
            difference = bundle.composed((a, b, c)) - bundle.composed((a, c))
            return _reported(bundle.domain(a, b, c).vanish(difference.entries, (a, b, c)))
    a, b, c = triple if (triple[0], triple[1]) in declared else triple[::-1]
    return _closed(bundle, (a, b, c, a))


def _reported(verdict: Verdict) -> Verdict:
    """The verdict with a witness that says what is off."""
    witness = verdict.witness
    if witness is None:
        return verdict
    text = f"the product is off by {witness.residual:.3g}"
    return Verdict("refuted", verdict.method, witness=Witness(witness.charts, witness.point, witness.residual, text))
