"""The order of a chain of matrix products.

The product is associative, so a chain may be bracketed in any way; the cheapest bracketing is found by dynamic
programming (Godbole, 1973). With (q k^T) v = q (k^T v) this makes attention without softmax linear in its length
(Katharopoulos et al., 2020).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from catnet.boxes.arithmetic import MatrixProduct
from catnet.boxes.axes import trailing
from catnet.diagrams.graph import Node, Value
from catnet.diagrams.structural import Scale
from catnet.diagrams.terms import Body, Diagram, Leaf, Tensor, Then, Var
from catnet.rewrite.rule import Match, Miss, Rule, View, is_free
from catnet.types.dims import Dim

Tree = int | tuple["Tree", "Tree"]  # an operand by its number, or a product


class Reassociation(Rule):
    """Bracket a chain of `matmul`s the cheapest way; factors of `scale` on the way are joined into one."""

    name: ClassVar[str] = "reassociation"
    law: ClassVar[str] = "(a b) c = a (b c), and (s a) b = s (a b) for a number s"

    def find(self, view: View) -> Iterator[Match | Miss]:
        for node in view.graph.nodes:
            if is_product(node) and not _is_inner(node, view):
                chain = _Chain(node, view)
                if len(chain.operands) > 2:
                    yield from chain.best(view)


def is_product(node: Node | None) -> bool:
    return node is not None and isinstance(node.box, MatrixProduct) and is_free(node)


def _is_inner(node: Node, view: View) -> bool:
    """Whether a product is an operand of another one, perhaps through `scale`."""
    user = view.only_user(node.outputs[0])
    while user is not None and isinstance(user.box, Scale):
        user = view.only_user(user.outputs[0])
    return is_product(user)


class _Chain:
    """The operands of nested products, how they are bracketed, and what scales the whole."""

    def __init__(self, last: Node, view: View) -> None:
        self.nodes: list[Node] = []
        self.operands: list[Value] = []
        self.factor = 1.0
        self.last = last
        self.tree = self._open(last, view)

    def _open(self, node: Node, view: View) -> Tree:
        self.nodes.append(node)
        sides = []
        for value in node.inputs:
            scales, inner, factor = [], value, 1.0
            maker = view.maker(value)
            while maker is not None and isinstance(maker.box, Scale):
                scales.append(maker)
                factor *= maker.box.by
                inner = maker.inputs[0]
                maker = view.maker(inner)
            if maker is not None and is_product(maker):
                self.nodes += scales
                self.factor *= factor
                sides.append(self._open(maker, view))
            else:
                self.operands.append(value)
                sides.append(len(self.operands) - 1)
        return sides[0], sides[1]

    def sizes(self) -> list[Dim]:
        """Operand i is a matrix of sizes[i] by sizes[i + 1]."""
        rows = [trailing(v.wire)[-2].size for v in self.operands]
        return [*rows, trailing(self.operands[-1].wire)[-1].size]

    def best(self, view: View) -> Iterator[Match | Miss]:
        """The cheapest bracketing where sizes are known; for three operands the other one, which cost decides."""
        numbers = [view.aim.number(size) for size in self.sizes()]
        if all(n is not None for n in numbers):
            tree = cheapest([n for n in numbers if n is not None])
        elif len(self.operands) == 3:
            tree = (0, (1, 2)) if self.tree == ((0, 1), 2) else ((0, 1), 2)
        else:
            yield Miss(self.last, f"the sizes {', '.join(map(str, self.sizes()))} decide: say typical sizes")
            return
        if tree == self.tree:
            if self.tree == ((0, 1), 2):
                a, b, c, d = self.sizes()
                yield Miss(self.last, f"as it stands it is the cheapest: {a}x{b} by {b}x{c} by {c}x{d}")
            return
        replacement = self._written(tree)
        yield Match(tuple(reversed(self.nodes)), tuple(self.operands), self.last.outputs, replacement)

    def _written(self, tree: Tree) -> Diagram:
        names = [f"a{i}" for i in range(len(self.operands))]
        whole = _term(tree, names)
        if self.factor != 1.0:
            whole = Then((whole, Leaf(Scale(self.factor))))
        return Body(tuple(names), (), whole)


def _term(tree: Tree, names: list[str]) -> Diagram:
    if isinstance(tree, int):
        return Var(names[tree])
    return Then((Tensor((_term(tree[0], names), _term(tree[1], names))), Leaf(MatrixProduct())))


def cheapest(sizes: list[int]) -> Tree:
    """The bracketing of a chain of matrices sizes[i] by sizes[i+1] with the fewest multiplications; of equal ones the
    one that joins from the left.

    >>> cheapest([10, 2, 10, 2]), cheapest([2, 10, 2, 10])
    ((0, (1, 2)), ((0, 1), 2))
    """
    count = len(sizes) - 1
    cost: dict[tuple[int, int], tuple[int, Tree]] = {(i, i): (0, i) for i in range(count)}
    for width in range(1, count):
        for i in range(count - width):
            j = i + width
            options = []
            for cut in range(j - 1, i - 1, -1):
                (left, a), (right, b) = cost[i, cut], cost[cut + 1, j]
                options.append((left + right + sizes[i] * sizes[cut + 1] * sizes[j + 1], (a, b)))
            cost[i, j] = min(options, key=lambda option: option[0])
    return cost[0, count - 1][1]
