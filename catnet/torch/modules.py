"""The modules of generated code by their paths, and what the class of the whole says of them to PyTorch's engines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catnet.diagrams.cuts import CutPart, Cutter, Refusal, Use
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.repeat import Loop

if TYPE_CHECKING:
    from catnet.torch.emit import ClassBody

CARRIED = 10_000  # boxes: a larger module carries no plan of its own, as its source would be mostly that


@dataclass(frozen=True)
class Submodule:
    """A submodule of a class: its attribute, and the classes of what is in it (None for a layer of PyTorch's)."""

    attribute: str
    bodies: tuple[ClassBody | None, ...] = ()


@dataclass
class Scope:
    """What runs once: the whole, or one step of a repeat. `path` is that of its module."""

    path: str
    uses: list[Use] = field(default_factory=list)
    outputs: tuple[int, ...] = ()


def opened(node: Node) -> bool:
    """Whether a node only calls a net of its own, so that what is in it stands as if it were here."""
    return bool(node.graphs) and not (isinstance(node.box, Loop) or node.box.in_statements or node.owner)


def joined(*names: str) -> str:
    """A path of these names, without the empty ones."""
    return ".".join(name for name in names if name)


def steps(path: str, submodule: Submodule) -> Iterator[tuple[str, ClassBody | None]]:
    """The steps of a repeat: equal ones are one, `layers.*`."""
    for index, body in enumerate(submodule.bodies):
        yield joined(path, submodule.attribute, "*" if len(submodule.bodies) == 1 else str(index)), body


class Opener:
    """Opens the nets of a module: its scopes, with every use of a box and the path of its module."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.count = 0

    def scope(self, path: str, graph: Graph, body: ClassBody | None) -> None:
        """Add the scope of a graph, and those of the repeats in it."""
        scope = Scope(path)
        self.scopes.append(scope)
        inputs = tuple(self._fresh() for _ in graph.inputs)
        scope.outputs = self._open(scope, path, graph, body, inputs)

    def _fresh(self) -> int:
        self.count += 1
        return self.count

    def _open(
        self, scope: Scope, path: str, graph: Graph, body: ClassBody | None, inputs: tuple[int, ...]
    ) -> tuple[int, ...]:
        values: dict[int, int] = {id(v): n for v, n in zip(graph.inputs, inputs, strict=True)}
        for node in graph.nodes:
            submodule = body.modules.get(id(node)) if body is not None else None
            own = joined(path, submodule.attribute) if submodule is not None else ("" if body is not None else path)
            taken = tuple(values[id(v)] for v in node.inputs)
            if opened(node):
                inner = submodule.bodies[0] if submodule is not None else None
                given = self._open(scope, own, inner.graph if inner is not None else node.graphs[0], inner, taken)
            else:
                given = tuple(self._fresh() for _ in node.outputs)
                scope.uses.append(Use(node.box, taken, given, node.dom, node.cod, own, node.span, _closed(node)))
            values.update((id(v), n) for v, n in zip(node.outputs, given, strict=True))
            if isinstance(node.box, Loop) and submodule is not None:
                for (step, inside), inner_graph in zip(steps(path, submodule), node.graphs, strict=True):
                    self.scope(step, inside.graph if inside is not None else inner_graph, inside)
        return tuple(values[id(v)] for v in graph.outputs)


def _closed(node: Node) -> str:
    """Why a part that is cut may not lead through a node, whatever is in it."""
    if node.owner is not None:
        return f"`{node.label or node.box.name}` is shared: its weights are used in several places"
    if node.graphs:
        return f"`{node.label or node.box.name}` runs steps of its own, which take whole wires"
    return ""


def scopes(body: ClassBody) -> list[Scope]:
    """The scopes of a module."""
    opener = Opener()
    opener.scope("", body.graph, body)
    return opener.scopes


def cut_parts(body: ClassBody) -> tuple[list[CutPart], list[Refusal]]:
    """What tensor parallelism can cut in a module, and what it cannot."""
    parts: list[CutPart] = []
    refused: list[Refusal] = []
    for scope in scopes(body):
        found, not_found = Cutter(scope.uses, scope.outputs).parts()
        parts += found
        refused += not_found
    return parts, refused


def units(body: ClassBody) -> tuple[str, ...]:
    """The paths of the repeated parts with weights, the inner ones first: FSDP gathers the weights of one at a time."""

    return tuple(dict.fromkeys(_units(body)))


def _units(body: ClassBody) -> Iterator[str]:
    for node in body.graph.nodes:
        submodule = body.modules.get(id(node))
        if submodule is None:
            continue
        if not isinstance(node.box, Loop):
            for inner in submodule.bodies:
                yield from (joined(submodule.attribute, path) for path in (_units(inner) if inner is not None else ()))
            continue
        for (step, inner), graph in zip(steps("", submodule), node.graphs, strict=True):
            if any(n.box.parameters(n.dom, n.cod) for _, n in graph.walk()):
                yield from (joined(step, path) for path in (_units(inner) if inner is not None else ()))
                yield step


def roles(parts: Iterable[CutPart]) -> dict[str, str]:
    """The maps that are cut, by path: "column" by their outputs, "row" by their inputs."""
    found: dict[str, str] = {}
    for part in parts:
        found.update(dict.fromkeys(part.columns, "column"))
        found.update(dict.fromkeys(part.rows, "row"))
    return found


def constants(body: ClassBody) -> list[str]:
    """The class attributes that carry the plan, as code: what there is to say."""
    lines: list[str] = []
    if body.graph.size > CARRIED:
        return lines
    repeated = units(body)
    if repeated:
        lines += listed("fsdp_units", [repr(path) for path in repeated], "()", "each for `fully_shard` of its own")
    parts, _ = cut_parts(body)
    if parts:
        ways = math.gcd(*(part.ways for part in parts))
        lines.append(f"tensor_ways = {ways}  # the number of ranks for `tensor_plan` divides it")
        entries = [f"{path!r}: {role!r}" for path, role in roles(parts).items()]
        lines += listed("tensor_plan", entries, "{}", "what is between the two kinds runs on blocks")
    return lines


def listed(name: str, entries: list[str], brackets: str, why: str) -> list[str]:
    """An assignment of a tuple or a dict, one entry on each line."""
    return [f"{name} = {brackets[0]}  # {why}", *(f"    {entry}," for entry in entries), brackets[1]]
