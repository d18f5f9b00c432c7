"""Transition functions in a structure group: declared, learned or read off an atlas; holonomy around loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise, permutations

import torch
from torch import Tensor, nn

from catnet.nn.bundles.covers import Cover
from catnet.nn.bundles.isomorphisms import Conditioner
from catnet.nn.bundles.structure_groups import StructureGroup
from catnet.nn.bundles.trivialisations import Atlas

Pair = tuple[str, str]


class Transitions(nn.Module):
    """g_ij(b) = A_i(b) d_ij A_j(b)^-1, the change from the frame of chart j to that of chart i, in a structure group.

    `declared[i, j]` are the constant matrices d_ij, which say how the bundle is twisted; left out, they are all 1. The
    frames A_i(b) are learned functions of the base point with values in the group (`learned=False`: they are 1). Where
    the declared matrices are a cocycle, so are the transitions, for all parameters: the frames cancel in g_ij g_jk =
    A_i d_ij d_jk A_k^-1.

    Raises ValueError, naming the charts, where a transition is missing, is given for charts that do not meet, has the
    wrong size, is not in the group, is not the inverse of its reverse, or where d_ij d_jk = d_ik fails for three charts
    that meet (`triples`, by default those of which each two meet, unless no triple is known to: a circle).

    >>> moebius = {("chart0", "chart1"): [[1.0]], ("chart1", "chart2"): [[1.0]], ("chart0", "chart2"): [[-1.0]]}
    >>> twist = Transitions(Cover.circle(3), "O(1)", moebius, triples=())
    >>> twist.holonomy(["chart0", "chart1", "chart2"]).item()
    -1.0
    """

    def __init__(
        self,
        cover: Cover,
        group: str | StructureGroup,
        declared: Mapping[Pair, Tensor | Sequence[Sequence[float]]] | None = None,
        learned: bool = False,
        triples: Sequence[tuple[str, str, str]] | None = None,
        hidden: int = 32,
    ) -> None:
        super().__init__()
        self.cover, self.group = cover, StructureGroup(group) if isinstance(group, str) else group
        if self.group.family in ("general", "diagonal"):
            raise ValueError(f"{self.group.name} holds singular matrices, which are no transitions; take GL(n)")
        self._constants(declared)
        for triple in self._triples() if triples is None else triples:
            self._check_cocycle(*triple)
        outputs = self.group.parameters if learned else 0
        base_dim = cover.centres.shape[-1]
        self.frames = nn.ModuleList(Conditioner(base_dim, outputs, hidden) for _ in cover.names) if outputs else None

    def _constants(self, declared: Mapping[Pair, Tensor | Sequence[Sequence[float]]] | None) -> None:
        eye = torch.eye(self.group.dim, dtype=torch.float64)
        nerve = self.cover.nerve
        known = dict.fromkeys(nerve, eye) if declared is None else {}
        for (i, j), matrix in (declared or {}).items():
            given = torch.as_tensor(matrix, dtype=torch.float64)
            known[i, j] = self._checked(i, j, given)
        for i, j in nerve:
            if (i, j) in known and (j, i) in known:
                if (known[i, j] @ known[j, i] - eye).abs().max() > 1e-9:
                    raise ValueError(f"the transitions {i} -> {j} and {j} -> {i} are not inverse to each other")
            elif (j, i) in known:
                known[i, j] = self.group.inverse(known[j, i])
            elif (i, j) not in known:
                raise ValueError(f"the charts {i} and {j} meet: their transition is missing")
        self.register_buffer("constants", torch.stack([known[pair] for pair in nerve]).to(torch.get_default_dtype()))

    def _checked(self, i: str, j: str, matrix: Tensor) -> Tensor:
        self.cover.index(i), self.cover.index(j)
        if (i, j) not in self.cover.nerve and (j, i) not in self.cover.nerve:
            raise ValueError(f"the charts {i} and {j} do not meet: there is no transition {i} -> {j}")
        try:
            distance = self.group.distance(matrix)
        except ValueError as error:
            raise ValueError(f"the transition {i} -> {j}: {error}") from None
        if distance > 1e-9:
            raise ValueError(f"the transition {i} -> {j} is not in {self.group.name}: it is {distance:.3g} away")
        return matrix

    def _triples(self) -> list[tuple[str, str, str]]:
        meet = {frozenset(pair) for pair in self.cover.nerve}
        found = combinations(self.cover.names, 3)
        return [t for t in found if all(frozenset(pair) in meet for pair in combinations(t, 2))]

    def _check_cocycle(self, i: str, j: str, k: str) -> None:
        error = self._constant(i, j) @ self._constant(j, k) - self._constant(i, k)
        if error.abs().max() > 1e-6:
            raise ValueError(
                f"the cocycle law fails on the charts {i}, {j}, {k}: {i} <- {j} <- {k} is not {i} <- {k}, by"
                f" {error.abs().max():.3g}; where the three have no point in common, pass `triples`"
            )

    def _constant(self, into: str, out_of: str) -> Tensor:
        constants = self.get_buffer("constants")
        if into == out_of:
            return torch.eye(self.group.dim).to(constants)
        for pair, matrix in zip(self.cover.nerve, constants, strict=True):
            if set(pair) == {into, out_of}:
                return matrix if pair == (into, out_of) else self.group.inverse(matrix)
        raise ValueError(f"the charts {into} and {out_of} do not meet: there is no transition")

    def forward(self, into: str, out_of: str, base: Tensor) -> Tensor:
        """g [..., dim, dim] at base points [..., base_dim]: v in the frame of `out_of` is g v in that of `into`.

        Raises ValueError for charts that do not meet.
        """
        constant = self._constant(into, out_of).to(base)
        if self.frames is None:
            return constant.expand(*base.shape[:-1], -1, -1)
        a, b = (self.group.matrices(self.frames[self.cover.index(name)](base)) for name in (into, out_of))
        return a @ constant @ self.group.inverse(b)

    def holonomy(self, loop: Sequence[str]) -> Tensor:
        """The product of the declared matrices along a closed loop of charts, [dim, dim], up to the frame of the first.

        The frames of learned transitions cancel around a loop but for a change of basis in the first chart, so signs,
        determinants and traces are those of the transitions.
        """
        pairs = [order for pair in self.cover.nerve for order in permutations(pair)]
        return loop_product(loop, {(i, j): self._constant(i, j) for i, j in pairs})


def fitted_transitions(atlas: Atlas, group: str | StructureGroup, base: Tensor, x: Tensor) -> dict[Pair, Tensor]:
    """The transitions of an atlas read off data, one element of a structure group for each two charts that meet.

    {(i, j): g} with the g that best takes the fibre vectors v_j in chart j to those in i, by least squares with the
    products w of the partition of unity as weights: the projection of sum w v_i v_j^T to the group (Procrustes). So
    O(1) gives the sign, and O(2) on circles tells a reflection from a rotation. Raises ValueError where the group does
    not act on the fibre or has no nearest element, or where no point lies in both charts.
    """
    group = StructureGroup(group) if isinstance(group, str) else group
    if not group.orthogonal or group.dim != atlas.fibre.vector_dim:
        raise ValueError(f"{group.name} does not act on {atlas.fibre} by turns of {atlas.fibre.vector_dim}-vectors")
    weights, found = atlas.cover.weights(base), {}
    for i, j in atlas.cover.nerve:
        weight = weights[:, atlas.cover.index(i)] * weights[:, atlas.cover.index(j)]
        both = weight > 0
        if not bool(both.any()):
            raise ValueError(f"no point lies in both charts {i} and {j}: their transition cannot be fitted")
        vi, vj = (atlas.fibre.vector(atlas.chart(name)(base[both], x[both])[1]) for name in (i, j))
        found[i, j] = group.nearest((weight[both].unsqueeze(-1) * vi).mT @ vj)
        found[j, i] = group.inverse(found[i, j])
    return found


def loop_product(loop: Sequence[str], transitions: Mapping[Pair, Tensor]) -> Tensor:
    """The holonomy g_01 g_12 .. g_n0 around a loop of charts [0, 1, .., n].

    Raises ValueError where two charts of the loop, one after the other, have no transition.
    """
    product: Tensor | None = None
    for step in pairwise([*loop, loop[0]]):
        if step not in transitions:
            raise ValueError(f"the charts {step[0]} and {step[1]} do not meet: there is no transition")
        product = transitions[step] if product is None else product @ transitions[step]
    assert product is not None
    return product
