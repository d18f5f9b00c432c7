"""Replacing parts of a graph: replacements are typed on the wires that come in, and a new graph is made.

Graphs are values here: the old one stays as it is. Effects keep their order, and so do all nodes as far as what they
need allows.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.repeat import Loop
from catnet.diagrams.terms import Leaf
from catnet.diagrams.typing import Typing
from catnet.rewrite.names import keeps_names
from catnet.rewrite.rule import Match, is_free
from catnet.types.facts import Facts
from catnet.types.infer import Inference

LARGE = 2_000  # boxes: a larger graph is not opened


class WrongRewrite(AssertionError):
    """A rule's replacement does not fit its place: a mistake in the rule."""


@dataclass(frozen=True, eq=False)
class Change:
    """A match with the typed graph of its replacement."""

    match: Match
    graph: Graph


def typed(match: Match, facts: Facts) -> Change:
    """Type the replacement on the wires that come in, and see that it gives what was there.

    Raises `CatnetError` where it does not compose and `WrongRewrite` where it gives other types.
    """
    wires = [value.wire for value in match.inputs]
    typing = Typing(facts=facts)
    graph = typing.finish(typing.subgraph("replacement", match.replacement, wires))
    typing.report.raise_errors()
    if len(graph.outputs) != len(match.outputs):
        raise WrongRewrite(f"{len(match.outputs)} wires are replaced by {len(graph.outputs)}")
    inference = Inference(facts)
    for new, old in zip(graph.outputs, match.outputs, strict=True):
        inference.unify(new.wire, old.wire)
    return Change(match, graph)


def has_effect(node: Node) -> bool:
    """Whether a node draws random numbers or keeps state, itself or inside: its turn among such nodes matters."""
    if node.graphs:
        return any(has_effect(inner) for graph in node.graphs for inner in graph.nodes)
    return node.box.effect != "pure"


def with_insides(graph: Graph, insides: Mapping[int, tuple[Graph, ...]]) -> Graph:
    """The graph with other inner graphs for some nodes, by the id of the node."""
    items = [_Item(i, (n,), n.inputs, n.outputs, insides.get(id(n))) for i, n in enumerate(graph.nodes)]
    made = _rebuilt(graph, items)
    assert made is not None  # no node goes, so every part keeps its name
    return made


def opened(graph: Graph) -> Graph:
    """The graph with nets and labelled parts that own nothing put in the place of their uses, all the way down."""
    while graph.size <= LARGE:
        inner = [n for n in graph.nodes if n.box.family in ("net", "block") and len(n.graphs) == 1 and _opens(n)]
        changes = [Change(Match((n,), n.inputs, n.outputs, Leaf(n.box)), n.graphs[0]) for n in inner]
        made = spliced(graph, changes) if changes else None
        if made is None:
            break
        graph = made
    return graph


def _opens(node: Node) -> bool:
    return is_free(node) and not isinstance(node.box, Loop) and bool(node.outputs)


def spliced(graph: Graph, changes: Sequence[Change]) -> Graph | None:
    """The graph with all changes made, in time linear in its nodes but for sorting. No node may be in two changes.

    None where they depend on one another in a circle, or where a part with weights could not keep its name.
    """
    place = {id(node): index for index, node in enumerate(graph.nodes)}
    gone = {id(node) for change in changes for node in change.match.nodes}
    _nothing_else_uses(graph, changes, gone)
    items = [_Item(place[id(n)], (n,), n.inputs, n.outputs, None) for n in graph.nodes if id(n) not in gone]
    for change in changes:
        match = change.match
        last = max(place[id(node)] for node in match.nodes)
        items.append(_Item(last, match.nodes, match.inputs, match.outputs, None, change))
    ordered = _ordered(items)
    return None if ordered is None else _rebuilt(graph, _live(graph, ordered))


@dataclass(eq=False)
class _Item:
    """A node that stays, with its new inner graphs if it gets some, or a change: what it needs, what it gives."""

    place: int
    nodes: tuple[Node, ...]
    needs: tuple[Value, ...]
    gives: tuple[Value, ...]
    graphs: tuple[Graph, ...] | None
    change: Change | None = None

    @property
    def effect(self) -> bool:
        return any(has_effect(node) for node in self.nodes)


def _nothing_else_uses(graph: Graph, changes: Sequence[Change], gone: set[int]) -> None:
    given = {id(value) for change in changes for value in change.match.outputs}
    used = [v for n in graph.nodes if id(n) not in gone for v in n.inputs]
    used += [v for change in changes for v in change.match.inputs]
    for value in (*used, *graph.outputs):
        if value.node is not None and id(value.node) in gone and id(value) not in given:
            raise WrongRewrite(f"{value.node!r} is replaced, and {value!r} is used elsewhere")


def _ordered(items: list[_Item]) -> list[_Item] | None:
    """The items so that each comes after what it needs, else in their old places; None where there is a circle."""
    items.sort(key=lambda item: item.place)
    maker = {id(value): i for i, item in enumerate(items) for value in item.gives}
    after: list[list[int]] = [[] for _ in items]
    waits = [0] * len(items)
    last_effect = None
    for i, item in enumerate(items):
        before = {maker[id(v)] for v in item.needs if id(v) in maker}
        if item.effect:
            if last_effect is not None:
                before.add(last_effect)
            last_effect = i
        for j in before:
            after[j].append(i)
        waits[i] = len(before)
    ready = [i for i, count in enumerate(waits) if not count]
    order: list[_Item] = []
    while ready:
        i = heapq.heappop(ready)
        order.append(items[i])
        for j in after[i]:
            waits[j] -= 1
            if not waits[j]:
                heapq.heappush(ready, j)
    return order if len(order) == len(items) else None


def _rebuilt(graph: Graph, items: Sequence[_Item]) -> Graph | None:
    """A new graph of new nodes and values; values keep their wires and names, nodes their spans and labels. None where
    a part with weights could not keep its name."""
    now: dict[int, Value] = {id(v): Value(v.wire, None, v.port, v.name) for v in graph.inputs}
    nodes: list[Node] = []
    stayed: dict[int, Node] = {}
    labels = {n.label for item in items if item.change is None for n in item.nodes if n.label is not None}
    for item in items:
        if item.change is not None:
            _place(item.change, now, nodes, labels)
            continue
        (old,) = item.nodes
        node = Node(old.box, tuple(now[id(v)] for v in old.inputs), (), old.label, old.span, old.graphs, old.owner)
        if item.graphs is not None:
            node.graphs = item.graphs
        node.outputs = tuple(Value(v.wire, node, v.port, v.name) for v in old.outputs)
        now.update((id(v), new) for v, new in zip(old.outputs, node.outputs, strict=True))
        nodes.append(node)
        stayed[id(node)] = old
    outputs = tuple(now[id(v)] for v in graph.outputs)
    made = replace(graph, inputs=tuple(now[id(v)] for v in graph.inputs), outputs=outputs, nodes=tuple(nodes))
    return made if keeps_names(graph, made, stayed) else None


def _live(graph: Graph, items: Sequence[_Item]) -> list[_Item]:
    """The items without what is needed no more and may be dropped."""
    needed = {id(value) for value in graph.outputs}
    kept: list[_Item] = []
    for item in reversed(items):
        used = any(id(value) in needed for value in item.gives)
        if used or item.change is not None or not all(is_free(node) for node in item.nodes):
            kept.append(item)
            needed.update(id(value) for value in item.needs)
    return kept[::-1]


def _place(change: Change, now: dict[int, Value], nodes: list[Node], labels: set[str]) -> None:
    """Add the nodes of a replacement; they stand where the old ones stood in the text, the last under its label.

    `labels` are those that are taken.
    """
    match, graph = change.match, change.graph
    inside = {id(v): now[id(old)] for v, old in zip(graph.inputs, match.inputs, strict=True)}
    for old in graph.nodes:
        inputs = tuple(inside[id(v)] for v in old.inputs)
        label = None if old.label in labels else old.label
        node = Node(old.box, inputs, (), label, old.span or match.lead.span, old.graphs, old.owner)
        node.outputs = tuple(Value(v.wire, node, v.port, v.name) for v in old.outputs)
        inside.update((id(v), new) for v, new in zip(old.outputs, node.outputs, strict=True))
        nodes.append(node)
        if label is not None:
            labels.add(label)
    for new, old_value in zip(graph.outputs, match.outputs, strict=True):
        value = inside[id(new)]
        now[id(old_value)] = value
        maker = value.node
        if maker is not None and graph.nodes and id(new) not in {id(v) for v in graph.inputs}:
            value.wire, value.name = old_value.wire, value.name or old_value.name
            if maker.label is None and old_value.node is not None and len(maker.outputs) == 1:
                maker.label = _free_label(old_value.node, match)


def _free_label(old: Node, match: Match) -> str | None:
    """The label of a replaced node, unless a labelled one would become a part of another kind."""
    return old.label if old in match.nodes and not old.graphs else None
