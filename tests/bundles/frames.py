"""Changes of frame in numbers: random graphs, random elements at the nodes, and what they do to tensors."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from catnet.bundles.gauge import Along, Framed
from catnet.diagrams.acting import Action, carried
from catnet.elaborate.program import Program
from catnet.elaborate.proving import Proof, opened, proofs
from catnet.symmetry.elements import Element
from catnet.symmetry.reps import Rep
from catnet.types.wires import Axis, Wire


def ring(nodes: int, more: int, seed: int = 0) -> Tensor:
    """A connected directed graph: a ring and some further edges, [2, nodes + more]; none from a node to itself."""
    draw = torch.Generator().manual_seed(seed)
    here = torch.arange(nodes)
    source = torch.randint(nodes, (more,), generator=draw)
    target = (source + torch.randint(1, nodes, (more,), generator=draw)) % nodes
    return torch.stack([torch.cat([here, source]), torch.cat([(here + 1) % nodes, target])])


@dataclass
class Frames:
    """An element of the structure group at each node, and what the group action of a proof does to tensors."""

    proof: Proof
    edges: Tensor
    elements: list[Element] = field(default_factory=list)

    @classmethod
    def random(cls, proof: Proof, nodes: int, edges: Tensor, seed: int = 0) -> Frames:
        """Independent elements."""
        rng = random.Random(seed)
        return cls(proof, edges, [proof.group.group.sample(rng) for _ in range(nodes)])  # type: ignore[attr-defined]

    def matrices(self, rep: Rep) -> Tensor:
        """Of all nodes, [nodes, k, k]."""
        return torch.stack([rep.matrix(element) for element in self.elements])

    def turned(self, x: Tensor, action: Action | None) -> Tensor:
        """A tensor in the new frames."""
        assert action is not None
        for part in action:
            if isinstance(part.rep, Framed):
                h = self.matrices(part.rep.rep)
                h = h[self.edges[1]] if part.rep.at == "target" else h
                x = _applied(h, x, *part.axes)
            elif isinstance(part.rep, Along):
                h = self.matrices(part.rep.rep)
                x = _applied(h[self.edges[1]], x, part.axes[0], part.axes[1])
                x = _applied(h[self.edges[0]], x, part.axes[0], part.axes[2])
        return x


def _applied(h: Tensor, x: Tensor, nodes: int, fibre: int) -> Tensor:
    """The matrix of each node on the vectors along the axis of the fibre."""
    y = x.movedim((nodes, fibre), (-2, -1))
    return torch.einsum("nij,...nj->...ni", h, y).movedim((-2, -1), (nodes, fibre))


def proof_of(text: str, name: str = "f", under: Sequence[str] = (), **sizes: int) -> Proof:
    """The proof of the first claim of a net."""
    return proofs(Program.from_text(text)[name](**sizes), under)[0]


def inputs_of(wires: Sequence[Wire], proof: Proof, edges: Tensor, sizes: dict[str, int], seed: int = 0) -> list[Tensor]:
    """Random tensors of these types: the edges are those given, the maps in the structure group, directions unit."""
    draw, rng = torch.Generator().manual_seed(seed), random.Random(seed + 1)
    found = []
    for wire, action in zip(wires, proof.inputs, strict=True):
        shape = [a.size.subst(sizes).value or 0 for a in wire.axes if isinstance(a, Axis)]
        if wire.kind.name == "Fin":
            found.append(edges)
        elif any(isinstance(part.rep, Along) for part in action):
            rep = proof.group.rep  # type: ignore[attr-defined]
            found.append(torch.stack([rep.matrix(rep.group.sample(rng)) for _ in range(shape[0])]))
        else:
            x = torch.randn(shape, generator=draw, dtype=torch.float64)
            at_target = any(isinstance(part.rep, Framed) and part.rep.at == "target" for part in action)
            found.append(x / x.norm(dim=-1, keepdim=True) if at_target and len(shape) == 2 else x)
    return found


def gauge_error(
    text: str, name: str = "f", nodes: int = 7, more: int = 6, seed: int = 0, proved: bool = True, **sizes: int
) -> float:
    """By how much a compiled net misses a change of frames at all nodes, relative to its output; in float64.

    The output changes as was `proved`, else as its type says.
    """
    diagram = Program.from_text(text if proved else text.replace(" under gauge(S)", ""))[name](**sizes)
    proof, graph = proofs(diagram, () if proved else ["gauge(S)"])[0], opened(diagram.graph)
    assert (proof.problems == []) == proved, [problem.render() for problem in proof.problems]
    after = proof.outputs if proved else [carried(wire, proof.group) for wire in graph.cod]
    edges = ring(nodes, more, seed)
    torch.manual_seed(seed)
    module = diagram.compile().double().eval()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, 0.1, 0.5)
    known = {"n": nodes, "e": edges.shape[1], **sizes}
    inputs = inputs_of(graph.dom, proof, edges, known, seed)
    frames = Frames.random(proof, nodes, edges, seed)
    with torch.no_grad():
        outputs = module(*inputs)
        moved = module(*(frames.turned(x, a) for x, a in zip(inputs, proof.inputs, strict=True)))
    pairs = zip(*(y if isinstance(y, tuple) else (y,) for y in (outputs, moved)), after, strict=True)
    worst = 0.0
    for y, z, action in pairs:
        wanted = frames.turned(y, action)
        worst = max(worst, float((z - wanted).abs().max() / wanted.abs().max().clamp_min(1e-12)))
    return worst
