"""The order of sums of products: an `einsum` of many wires, or several that feed one another, as steps of two wires.

The cheapest order is found by dynamic programming over sets of wires (Pfeifer, Haegeman and Verstraete, 2014), which
takes 3^n steps for n wires.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar

from catnet.boxes.arithmetic import MatrixProduct
from catnet.boxes.axes import trailing
from catnet.boxes.einsum import Einsum, Term, read_terms
from catnet.diagrams.graph import Node, Value
from catnet.diagrams.structural import Scale
from catnet.diagrams.terms import Body, Diagram, Leaf, Tensor, Then, Var
from catnet.rewrite.rule import Match, Miss, Rule, View, is_free
from catnet.types.dims import Dim

MANY = 9  # wires: 3^9 is 20,000 steps

Plan = int | tuple["Plan", "Plan"]  # a wire by its number, or the product of two


class ContractionOrder(Rule):
    """Join the wires of an `einsum` two at a time, in the cheapest order; `einsum`s, `matmul`s and `scale`s whose
    result only it uses are taken into it."""

    name: ClassVar[str] = "contraction order"
    law: ClassVar[str] = "a sum of products may be summed in any order: distributivity"

    def find(self, view: View) -> Iterator[Match | Miss]:
        for node in view.graph.nodes:
            if pattern_of(node) is None or _is_taken_in(node, view):
                continue
            network = Network(node, view)
            if len(network.wires) > 2 and any(isinstance(n.box, Einsum) for n in network.nodes):
                yield from network.best(view)


def pattern_of(node: Node | None) -> tuple[tuple[Term, ...], Term] | None:
    """The names of the axes that a product joins and gives; None for a node that is no such product."""
    if node is None or not is_free(node):
        return None
    if isinstance(node.box, MatrixProduct):
        return (("i", "j"), ("j", "k")), ("i", "k")
    return read_terms(node.box.pattern) if isinstance(node.box, Einsum) else None


def _is_taken_in(node: Node, view: View) -> bool:
    """Whether another product uses the result of this one, names all its axes, and nothing else uses it."""
    value = node.outputs[0]
    user = view.only_user(value)
    while user is not None and isinstance(user.box, Scale):
        value = user.outputs[0]
        user = view.only_user(value)
    own, found = pattern_of(node), pattern_of(user)
    if own is None or user is None or found is None:
        return False
    return _takes_in(found[0][user.inputs.index(value)], own[1])


def _takes_in(term: Term, given: Term) -> bool:
    """Whether a product that names the axes of a wire so can take in the product that gives the wire."""
    return len(term) == len(given) and len(set(term)) == len(term)


class Network:
    """A tree of products as one sum of products: the wires that it joins, with a name for each axis."""

    def __init__(self, last: Node, view: View) -> None:
        self.last = last
        self.view = view
        self.nodes: list[Node] = []
        self.wires: list[Value] = []
        self.terms: list[Term] = []
        self.factor = 1.0
        found = pattern_of(last)
        assert found is not None
        self.used = {name for term in found[0] for name in term}
        self.result: Term = found[1]
        self.nodes.append(last)
        for term, value in zip(found[0], last.inputs, strict=True):
            self._take(term, value)

    def _take(self, term: Term, value: Value) -> None:
        """Add a wire, or in its place those that it is made of."""
        inner, scales, factor = value, [], 1.0
        maker = self.view.maker(inner)
        while maker is not None and isinstance(maker.box, Scale):
            scales.append(maker)
            factor *= maker.box.by
            inner = maker.inputs[0]
            maker = self.view.maker(inner)
        found = pattern_of(maker)
        if maker is None or found is None or not _takes_in(term, found[1]):
            self.wires.append(value)
            self.terms.append(term)
            return
        self.nodes += [*scales, maker]
        self.factor *= factor
        names = dict(zip(found[1], term, strict=True))
        for part, wire in zip(found[0], maker.inputs, strict=True):
            for name in part:
                if name not in names:  # what is summed inside needs a name of its own
                    names[name] = self._unused(name)
            self._take(tuple(names[n] for n in part), wire)

    def _unused(self, name: str) -> str:
        numbered = (f"{name}{i}" for i in count(2))
        found = name if name not in self.used else next(n for n in numbered if n not in self.used)
        self.used.add(found)
        return found

    def best(self, view: View) -> Iterator[Match | Miss]:
        """The cheapest order, at the sizes that are known; of three wires every order, to be decided by cost."""
        if len(self.wires) > MANY:
            yield Miss(self.last, f"{len(self.wires)} wires are too many: at most {MANY} are put in order")
            return
        sizes: dict[str, Dim] = {}
        for term, value in zip(self.terms, self.wires, strict=True):
            sizes.update(zip(term, (a.size for a in trailing(value.wire)[-len(term) :] if term), strict=False))
        numbers = {name: view.aim.number(size) for name, size in sizes.items()}
        unknown = [str(sizes[name]) for name, n in numbers.items() if n is None]
        if unknown and len(self.wires) > 3:
            yield Miss(self.last, f"the sizes {', '.join(dict.fromkeys(unknown))} decide the order: say typical sizes")
            return
        if unknown:
            for order in ((0, (1, 2)), ((0, 2), 1), ((0, 1), 2)):
                yield self._match(order)
            return
        known = {name: n for name, n in numbers.items() if n is not None}
        plan = Plans(self.terms, self.result, known).best()
        yield self._match(plan)

    def _match(self, plan: Plan) -> Match:
        return Match(tuple(self.nodes), tuple(self.wires), self.last.outputs, self._written(plan))

    def _written(self, plan: Plan) -> Diagram:
        names = tuple(f"a{i}" for i in range(len(self.wires)))
        whole, _ = self._step(plan, names, frozenset(range(len(names))))
        if self.factor != 1.0:
            whole = Then((whole, Leaf(Scale(self.factor))))
        return Body(names, (), whole)

    def _step(self, plan: Plan, names: Sequence[str], inside: frozenset[int]) -> tuple[Diagram, Term]:
        """A plan as a diagram, with the names of its axes; `inside` are the wires that it joins."""
        if isinstance(plan, int):
            return Var(names[plan]), self.terms[plan]
        (left, a), (right, b) = (self._step(p, names, _wires(p)) for p in plan)
        needed = set(self.result) if len(inside) == len(self.wires) else _outside(self.terms, self.result, inside)
        whole = len(inside) == len(self.wires)
        result = self.result if whole else tuple(dict.fromkeys(n for n in (*a, *b) if n in needed))
        pattern = f"{' '.join(a)}, {' '.join(b)} -> {' '.join(result)}"
        return Then((Tensor((left, right)), Leaf(Einsum(pattern)))), result


def _wires(plan: Plan) -> frozenset[int]:
    return frozenset((plan,)) if isinstance(plan, int) else _wires(plan[0]) | _wires(plan[1])


def _outside(terms: Sequence[Term], result: Term, inside: frozenset[int]) -> set[str]:
    """The names that matter outside a set of wires."""
    return {n for i, term in enumerate(terms) if i not in inside for n in term} | set(result)


@dataclass
class Plans:
    """The orders in which wires can be joined two at a time, with the number of multiplications of each step."""

    terms: Sequence[Term]
    result: Term
    sizes: dict[str, int]

    def best(self) -> Plan:
        """The cheapest order; of equally cheap ones that which joins from the left."""
        everything = (1 << len(self.terms)) - 1
        found: dict[int, tuple[int, Plan, frozenset[str]]] = {}
        for i, term in enumerate(self.terms):
            found[1 << i] = (0, i, frozenset(term))
        for group in range(1, everything + 1):
            if group & (group - 1):
                found[group] = self._cheapest(group, found)
        return found[everything][1]

    def _cheapest(
        self, group: int, found: dict[int, tuple[int, Plan, frozenset[str]]]
    ) -> tuple[int, Plan, frozenset[str]]:
        inside = frozenset(i for i in range(len(self.terms)) if group >> i & 1)
        needed = _outside(self.terms, self.result, inside)
        best: tuple[int, Plan, frozenset[str]] | None = None
        right = (group - 1) & group
        options = []
        while right:
            left = group ^ right
            if left & -left == group & -group:  # each pair once, the one with the first wire on the left
                options.append((left, right))
            right = (right - 1) & group
        for left, right in sorted(options, reverse=True):
            (cost, plan, names), (more, other, further) = found[left], found[right]
            steps = cost + more + self._work(names | further, names ^ further, needed)
            if best is None or steps < best[0]:
                best = (steps, (plan, other), (names | further) & needed)
        assert best is not None
        return best

    def _work(self, names: frozenset[str], single: frozenset[str], needed: set[str]) -> int:
        """Multiplications, and additions where an axis is summed; an axis of one wire alone is summed before."""
        met = names - (single - needed)
        product = 2 if met - needed else 1
        for name in met:
            product *= self.sizes[name]
        return product
