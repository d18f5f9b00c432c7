"""Triangle meshes as discretised surfaces: directions at vertices, parallel transport, fields of plane vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor


class Surface(NamedTuple):
    """An oriented surface as a graph with a frame at each vertex; each edge of the mesh stands in both directions.

    Edge e brings features from `source` q to `target` p. `angle` is the direction of q seen from p, in the frame of p.
    `transport` is the angle by which coordinates of a vector at q turn to become those of the vector carried to p along
    the edge. `length` is that of the edge. `turned` gives the same surface with other frames.
    """

    nodes: int
    source: Tensor
    target: Tensor
    angle: Tensor
    transport: Tensor
    length: Tensor

    @classmethod
    def of(cls, vertices: Tensor, faces: Tensor) -> Surface:
        """From vertices [n, 3] and faces [f, 3], all turning the same way around.

        Angles around an inner vertex are scaled to sum to 2 pi, and a vector keeps its angle with an edge along which
        it is carried (Polthier, Schmies, 1998; Knoeppel et al., 2013). So all depends on lengths alone, and the sum of
        the holonomies of small triangles is 2 pi times the Euler characteristic. At the border angles stay as they are.

        Raises ValueError for other shapes, a vertex number that is not there, a triangle without area, an edge of more
        than two triangles or of two that turn different ways (as on a Moebius strip), and a vertex where two fans meet.
        """
        if vertices.dim() != 2 or vertices.shape[1] != 3 or faces.dim() != 2 or faces.shape[1] != 3:
            raise ValueError(f"vertices are [n, 3] and faces [f, 3], not {[*vertices.shape]} and {[*faces.shape]}")
        if faces.numel() and not 0 <= int(faces.min()) <= int(faces.max()) < len(vertices):
            raise ValueError(f"faces name the vertices {int(faces.min())} to {int(faces.max())} of {len(vertices)}")
        angles = _corner_angles(vertices, faces)
        directions = _directions(faces.tolist(), angles.tolist())
        pairs = sorted(directions)
        target, source = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).unbind(1)
        angle = vertices.new_tensor([directions[p, q] for p, q in pairs])
        back = vertices.new_tensor([directions[q, p] for p, q in pairs])
        length = (vertices[source] - vertices[target]).norm(dim=-1)
        return cls(len(vertices), source, target, angle, angle + math.pi - back, length)

    def logarithm(self) -> Tensor:
        """The logarithm of each source at its target, a vector in the frame of the target, [edges, 2]."""
        return self.length.unsqueeze(-1) * torch.stack([self.angle.cos(), self.angle.sin()], -1)

    def turned(self, angles: Tensor) -> Surface:
        """The same surface after the frame of each vertex is turned by an angle [nodes]."""
        p, q = angles[self.target], angles[self.source]
        return self._replace(angle=self.angle - p, transport=self.transport - p + q)

    def edges(self) -> Tensor:
        """The edges [2, edges], from `source` to `target`: with `directions` and `maps` they are the data of a mesh as
        compiled nets take it."""
        return torch.stack([self.source, self.target])

    def directions(self) -> Tensor:
        """The unit vector towards each source in the frame of the target, [edges, 2]."""
        return torch.stack([self.angle.cos(), self.angle.sin()], -1)

    def maps(self) -> Tensor:
        """The rotations that carry coordinates at the source to those at the target, [edges, 2, 2]."""
        c, s = self.transport.cos(), self.transport.sin()
        return torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)

    def degrees(self) -> Tensor:
        """The number of neighbours of each vertex, [nodes]."""
        return torch.bincount(self.target, minlength=self.nodes)


def _corner_angles(vertices: Tensor, faces: Tensor) -> Tensor:
    """The angle of each triangle at each of its corners, [f, 3]."""
    corner = vertices[faces]
    to_next, to_last = corner.roll(-1, 1) - corner, corner.roll(1, 1) - corner
    across = torch.linalg.cross(to_next, to_last).norm(dim=-1)
    flat = (across <= 1e-12 * to_next.norm(dim=-1) * to_last.norm(dim=-1)).any(1).nonzero()
    if len(flat):
        raise ValueError(f"triangle {int(flat[0])}, {faces[flat[0, 0]].tolist()}, has no area")
    return torch.atan2(across, (to_next * to_last).sum(-1))


def _directions(faces: Sequence[Sequence[int]], angles: Sequence[Sequence[float]]) -> dict[tuple[int, int], float]:
    """The angle of the direction to each neighbour q in the frame of p, {(p, q): angle}."""
    follows: dict[tuple[int, int], tuple[int, float]] = {}
    for number, (face, corners) in enumerate(zip(faces, angles, strict=True)):
        for i in range(3):
            p, q, r = face[i], face[i - 2], face[i - 1]
            if (p, q) in follows:
                raise ValueError(
                    f"triangle {number}, {list(face)}, runs through the edge {p} -> {q} as another one does:"
                    " the surface is not oriented, or the edge has more than two triangles"
                )
            follows[p, q] = r, corners[i]
    fans: dict[int, list[tuple[int, int]]] = {}
    for p, q in follows:
        fans.setdefault(p, []).append((p, q))
    found: dict[tuple[int, int], float] = {}
    for p, fan in fans.items():
        found |= _fan(p, fan, follows)
    return found


def _fan(
    p: int, fan: list[tuple[int, int]], follows: dict[tuple[int, int], tuple[int, float]]
) -> dict[tuple[int, int], float]:
    """The directions at one vertex, counter-clockwise from the border, or from the neighbour of the least number."""
    ends = {follows[edge][0] for edge in fan}
    starts = [q for _, q in fan if q not in ends]
    q = starts[0] if starts else min(q for _, q in fan)
    around, total = [(q, 0.0)], 0.0
    while (p, q) in follows and len(around) <= len(fan):
        q, step = follows[p, q]
        total += step
        around.append((q, total))
    if len(around) != len(fan) + 1:
        raise ValueError(f"the triangles at vertex {p} are no single fan: the surface is pinched there")
    scale = 1.0 if starts else 2 * math.pi / total
    return {(p, q): scale * angle for q, angle in (around if starts else around[:-1])}


def holonomy(surface: Surface, loop: Sequence[int]) -> float:
    """The angle in [-pi, pi) by which a vector turns when carried along a closed loop of vertices.

    Raises ValueError where two vertices of the loop are no neighbours.
    """
    places = {pair: e for e, pair in enumerate(zip(surface.source.tolist(), surface.target.tolist(), strict=True))}
    total = 0.0
    for step in pairwise([*loop, loop[0]]):
        if step not in places:
            raise ValueError(f"the vertices {step[0]} and {step[1]} are no neighbours")
        total += float(surface.transport[places[step]])
    return (total + math.pi) % (2 * math.pi) - math.pi


class PlaneFields(tuple[tuple[int, int], ...]):
    """Sums of irreducible representations of SO(2), blocks (copies, order), as the layout of a flat last axis.

    A copy of order 0 is a number; one of order m > 0 is a plane vector that a frame turned by a turns by m a.

    >>> fields = PlaneFields([(3, 0), (2, 1)])
    >>> fields.dim
    7
    """

    __slots__ = ()

    def __new__(cls, blocks: Sequence[tuple[int, int]]) -> PlaneFields:
        """From blocks. Raises ValueError where one has no copies or a negative order."""
        for copies, order in blocks:
            if copies < 1 or order < 0:
                raise ValueError(f"a block is (copies, order) with copies >= 1 and order >= 0, not {(copies, order)}")
        return super().__new__(cls, [(int(copies), int(order)) for copies, order in blocks])

    def __getnewargs__(self) -> tuple[tuple[tuple[int, int], ...]]:
        return (tuple(self),)

    @property
    def dim(self) -> int:
        """The length of the axis."""
        return sum(copies * (2 if order else 1) for copies, order in self)

    def split(self, x: Tensor) -> list[Tensor]:
        """The blocks [..., copies, 1 or 2]. Raises ValueError where the last axis has another length."""
        if x.shape[-1] != self.dim:
            raise ValueError(f"the last axis has length {x.shape[-1]}; fields {list(self)} have dimension {self.dim}")
        parts = x.split([copies * (2 if order else 1) for copies, order in self], -1)
        return [part.unflatten(-1, (copies, -1)) for part, (copies, _) in zip(parts, self, strict=True)]

    def rotate(self, x: Tensor, angle: Tensor) -> Tensor:
        """x [..., dim] with each vector of order m turned by m times `angle` [...]."""
        blocks = []
        for part, (_, order) in zip(self.split(x), self, strict=True):
            if order:
                c, s = (order * angle).cos()[..., None], (order * angle).sin()[..., None]
                u, v = part.unbind(-1)
                part = torch.stack([c * u - s * v, s * u + c * v], -1)
            blocks.append(part.flatten(-2))
        return blocks[0] if len(blocks) == 1 else torch.cat(blocks, -1)
