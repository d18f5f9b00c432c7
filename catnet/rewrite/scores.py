"""Reading attention scores: a product of queries and keys, on its way to the softmax scaled, masked and biased."""

from __future__ import annotations

from dataclasses import dataclass, field

from catnet.boxes.einsum import Repeat, Term
from catnet.boxes.logic import Choose, Not, ToReal
from catnet.boxes.mask import CausalMask, WindowMask
from catnet.boxes.pattern import read_pattern
from catnet.boxes.shape import Rearrange
from catnet.boxes.source import Constant, Ones, Zeros
from catnet.diagrams.graph import Node, Value
from catnet.diagrams.structural import Add, Scale
from catnet.diagrams.terms import Diagram, Leaf
from catnet.rewrite.contraction import pattern_of
from catnet.rewrite.rule import View, is_free
from catnet.types.dims import Dim

HIDDEN = -1e8  # what is filled in or added in the place of minus infinity: exp of it is 0 in every float format


class Unreadable(Exception):
    """The text says why scores are not read."""


@dataclass
class Scores:
    """`factor * query key^T + biases`, masked where `causal` or by `window`.

    `query_names` names the axes of the wire, `query_wanted` is their order for `sdpa`; likewise for the key. A bias
    comes with the number that it is multiplied by.
    """

    query: Value
    query_names: Term
    query_wanted: Term
    key: Value
    key_names: Term
    key_wanted: Term
    nodes: list[Node]
    factor: float = 1.0
    biases: list[tuple[Value, float]] = field(default_factory=list)
    causal: bool = False
    window: Dim | None = None

    def scaled(self, by: float) -> Scores:
        """Everything so far times a number."""
        if by <= 0.0:
            raise Unreadable(f"the scores are multiplied by {by:g}, and `sdpa` takes a positive scale")
        if self.causal or self.window is not None:
            raise Unreadable("the scores are scaled after they are masked")
        self.factor *= by
        self.biases = [(value, factor * by) for value, factor in self.biases]
        return self

    def hides(self, band: Node) -> Scores:
        """Keep only what a causal or a window mask lets through."""
        if self.causal or self.window is not None:
            raise Unreadable("there are two masks: `sdpa` takes one, join them by `logical_and`")
        if isinstance(band.box, WindowMask):
            self.window = band.box.n
        else:
            self.causal = True
        return self


def read_scores(value: Value, view: View) -> Scores:
    """The scores that a value is; raises `Unreadable`."""
    node = view.maker(value)
    if node is None:
        elsewhere = value.node is not None and pattern_of(value.node) is not None
        raise Unreadable(
            "the scores are used elsewhere too" if elsewhere else "no product of queries and keys is found"
        )
    if pattern_of(node) is not None:
        return _product(node)
    if isinstance(node.box, Scale):
        found = read_scores(node.inputs[0], view).scaled(node.box.by)
    elif isinstance(node.box, Add) and len(node.inputs) == 2 and set(node.box.signs) <= {1}:
        found = _biased(node, view)
    elif isinstance(node.box, Choose):
        found = _chosen(node, view)
    else:
        raise Unreadable(f"`{node.box.name}` stands between the scores and the softmax")
    found.nodes.append(node)
    return found


def _product(node: Node) -> Scores:
    """Queries and keys from a product of two wires that sums over one axis."""
    found = pattern_of(node)
    assert found is not None
    terms, result = found
    if len(terms) == 2 and len(result) >= 2:
        *heads, row, column = result
        for first in (0, 1):
            query, key = terms[first], terms[1 - first]
            summed = [n for n in query if n not in result]
            own, other = (*heads, row, *summed), (*heads, column, *summed)
            if len(summed) == 1 and sorted(query) == sorted(own) and sorted(key) == sorted(other):
                return Scores(node.inputs[first], query, own, node.inputs[1 - first], key, other, [node])
    raise Unreadable("the scores are not a product of queries and keys over one axis, with the same further axes")


def _biased(node: Node, view: View) -> Scores:
    for port in (0, 1):
        try:
            found = read_scores(node.inputs[port], view)
        except Unreadable as reason:
            if port:
                raise
            first = reason
            continue
        bias = node.inputs[1 - port]
        band = _hidden(bias)
        if band is not None:
            return found.hides(band)
        found.biases.append((bias, 1.0))
        return found
    raise first


def _chosen(node: Node, view: View) -> Scores:
    """Scores where a mask is true, and a great negative number elsewhere."""
    mask, yes, no = node.inputs
    for negated, scores, fill in ((False, yes, no), (True, no, yes)):
        number = number_of(fill)
        if number is None:
            continue
        band = band_of(mask, negated)
        if number > HIDDEN:
            raise Unreadable(f"what is masked gets the score {number:g}: only {HIDDEN:g} or less surely counts 0")
        if band is None:
            raise Unreadable(
                "whether the mask lets each query see a key is not known, and where it sees none, softmax gives the "
                "mean of all values and `sdpa` zero; give the mask to `sdpa`"
            )
        return read_scores(scores, view).hides(band)
    raise Unreadable("`choose` stands between the scores and the softmax, and what it fills in is not known")


def _hidden(bias: Value) -> Node | None:
    """The mask whose complement, times a great negative number, is a bias."""
    factor, node = 1.0, _unrepeated(bias)
    while node is not None and isinstance(node.box, Scale):
        factor *= node.box.by
        node = _unrepeated(node.inputs[0])
    if node is None or not isinstance(node.box, ToReal) or factor > HIDDEN:
        return None
    return band_of(node.inputs[0], negated=True)


def band_of(mask: Value, negated: bool = False) -> Node | None:
    """The causal or window mask that a truth is (or the complement of which), copied along axes in front."""
    node = _unrepeated(mask)
    while node is not None and isinstance(node.box, Not):
        negated = not negated
        node = _unrepeated(node.inputs[0])
    return node if node is not None and isinstance(node.box, (CausalMask, WindowMask)) and not negated else None


def number_of(value: Value) -> float | None:
    """The number that stands everywhere in a value, where that is known."""
    node = _unrepeated(value)
    if node is None:
        return None
    if isinstance(node.box, Scale):
        inner = number_of(node.inputs[0])
        return None if inner is None else inner * node.box.by
    if isinstance(node.box, Constant):
        return node.box.value
    return 1.0 if isinstance(node.box, Ones) else 0.0 if isinstance(node.box, Zeros) else None


def _unrepeated(value: Value) -> Node | None:
    """What gives a value, before copies along new axes in front."""
    node = value.node
    while node is not None and isinstance(node.box, Repeat):
        pattern = read_pattern(node.box.pattern, gain=True)
        if not pattern.leads or pattern.right[len(pattern.right) - len(pattern.left) :] != pattern.left:
            return None
        node = node.inputs[0].node
    return node


def arranged(names: Term, wanted: Term) -> Diagram | None:
    """The box that puts axes in another order; None where they are in order."""
    return None if names == wanted else Leaf(Rearrange(f"{' '.join(names)} -> {' '.join(wanted)}"))


def source_of(value: Value, names: Term, wanted: Term, view: View) -> tuple[Value, Diagram | None, list[Node]]:
    """A wire that has the wanted order, or the box that makes it: two transpositions that cancel are left out.

    The nodes are those that are needed no more.
    """
    node = value.node
    if names != wanted and node is not None and isinstance(node.box, Rearrange) and is_free(node):
        before, after = _permutation(node), [names.index(n) - len(names) for n in wanted]
        count = max(len(before), len(after))
        padded = [[*range(-count, -len(p)), *p] for p in (before, after)]
        if before and [padded[0][i] for i in padded[1]] == list(range(-count, 0)):
            return node.inputs[0], None, [node] if view.used_once(value) else []
    return value, arranged(names, wanted), []


def _permutation(node: Node) -> list[int]:
    """Where each trailing axis of a rearranged wire comes from, counted from the end; empty if axes are split."""
    assert isinstance(node.box, Rearrange)
    pattern = read_pattern(node.box.pattern)
    if not pattern.leads:
        return []
    pattern = pattern.spread(0)
    if any(len(group) != 1 for group in (*pattern.left, *pattern.right)):
        return []
    return [pattern.names.index(n) - len(pattern.names) for n in pattern.order]
