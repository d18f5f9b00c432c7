"""Structure groups of vector bundles: matrices from free parameters, distance from the group, nearest element."""

from __future__ import annotations

import re
from typing import Literal

import torch
from torch import Tensor

_NAME = re.compile(r"(O|SO|U|GL|diagonal|general)\((\d+)\)")


class StructureGroup:
    """A group of real matrices, by name: `O(n)`, `SO(n)`, `U(1)` (the rotations of the plane), `GL(n)`, `diagonal(n)`.

    `matrices` turns free parameters into elements, all zeros into the identity. A continuous function of parameters
    stays in one component, which `reached` names: rotations for `O(n)` and `SO(n)`, determinant > 0 for `GL(n)`. There
    it reaches every element. To be in the other component of `O(n)`, multiply by a fixed reflection. `diagonal(n)` and
    `general(n)` (all matrices) are families for restriction maps of sheaves; they are no groups and hold singular maps.

    Rotations are exponentials of skew matrices, or with `rotations="cayley"` (1 - A)^-1 (1 + A), which is cheaper for
    n > 3 and leaves out those with an eigenvalue -1. Invertible matrices are exp(symmetric) times a rotation.

    Raises ValueError for another name.

    >>> SO3 = StructureGroup("SO(3)")
    >>> g = SO3.matrices(torch.randn(10, SO3.parameters, dtype=torch.float64))
    >>> g.shape, bool(SO3.distance(g).max() < 1e-12)
    (torch.Size([10, 3, 3]), True)
    >>> StructureGroup("O(1)").nearest(torch.tensor([[-0.3]]))
    tensor([[-1.]])
    """

    def __init__(self, name: str, rotations: Literal["exp", "cayley"] = "exp") -> None:
        match = _NAME.fullmatch(name.replace(" ", ""))
        if match is None or int(match[2]) < 1 or (match[1] == "U" and match[2] != "1"):
            raise ValueError(f"{name!r} is no structure group: O(n), SO(n), U(1), GL(n), diagonal(n), general(n)")
        if rotations not in ("exp", "cayley"):
            raise ValueError(f'rotations are "exp" or "cayley", not {rotations!r}')
        self.name, self.family, self.rotations = match[0], match[1], rotations
        self.dim = 2 if self.family == "U" else int(match[2])  # the size of the matrices
        self.skew = self.dim * (self.dim - 1) // 2

    @property
    def parameters(self) -> int:
        """The number of free parameters of an element."""
        if self.family in ("GL", "general"):
            return self.dim**2
        return self.dim if self.family == "diagonal" else self.skew

    @property
    def reached(self) -> str:
        """The component that `matrices` reaches, in words."""
        words = {"O": "determinant 1", "SO": "all", "U": "all", "GL": "determinant > 0"}
        return words.get(self.family, "all")

    @property
    def orthogonal(self) -> bool:
        """Whether all elements keep lengths."""
        return self.family in ("O", "SO", "U")

    def matrices(self, parameters: Tensor) -> Tensor:
        """Free parameters [..., parameters] to matrices [..., dim, dim]. Raises ValueError for another last axis."""
        if parameters.shape[-1] != self.parameters:
            raise ValueError(f"{self.name} has {self.parameters} parameters, not {parameters.shape[-1]}")
        if self.family == "diagonal":
            return torch.diag_embed(1 + parameters)
        eye = torch.eye(self.dim, dtype=parameters.dtype, device=parameters.device)
        if self.family == "general":
            return eye + parameters.unflatten(-1, (self.dim, self.dim))
        turn = self._rotation(parameters[..., : self.skew], eye)
        if self.family != "GL":
            return turn
        i, j = torch.tril_indices(self.dim, self.dim, device=parameters.device)
        stretch = parameters.new_zeros(*parameters.shape[:-1], self.dim, self.dim)
        stretch[..., i, j] = parameters[..., self.skew :]
        stretch = (stretch + stretch.mT) / 2
        return torch.linalg.matrix_exp(stretch) @ turn

    def _rotation(self, angles: Tensor, eye: Tensor) -> Tensor:
        if self.dim == 1:
            return eye.expand(*angles.shape[:-1], 1, 1)
        if self.dim == 2 and self.rotations == "exp":
            c, s = angles.cos(), angles.sin()
            return torch.stack([torch.cat([c, -s], -1), torch.cat([s, c], -1)], -2)
        i, j = torch.tril_indices(self.dim, self.dim, -1, device=angles.device)
        lower = angles.new_zeros(*angles.shape[:-1], self.dim, self.dim)
        lower[..., i, j] = angles
        skew = lower - lower.mT
        return torch.linalg.matrix_exp(skew) if self.rotations == "exp" else torch.linalg.solve(eye - skew, eye + skew)

    def distance(self, matrices: Tensor) -> Tensor:
        """How far matrices [..., dim, dim] are from the group, [...]: 0 in it, infinity where a singular one is not.

        The largest entry of |g^T g - 1|, and of |det g - 1| for SO(n) and U(1); the largest entry off the diagonal.
        """
        self._check(matrices)
        if self.family in ("general", "diagonal"):
            rest = matrices - torch.diag_embed(matrices.diagonal(dim1=-2, dim2=-1))
            return (rest if self.family == "diagonal" else rest * 0).abs().amax((-2, -1))
        determinant = torch.linalg.det(matrices)
        if self.family == "GL":
            return torch.where(determinant == 0, torch.inf, 0.0).to(matrices)
        eye = torch.eye(self.dim, dtype=matrices.dtype, device=matrices.device)
        off = (matrices.mT @ matrices - eye).abs().amax((-2, -1))
        return off if self.family == "O" else torch.maximum(off, (determinant - 1).abs())

    def inverse(self, matrices: Tensor) -> Tensor:
        """The inverses: transposes where the group keeps lengths."""
        return matrices.mT if self.orthogonal else torch.linalg.inv(matrices)

    def nearest(self, matrices: Tensor) -> Tensor:
        """The elements nearest to matrices [..., dim, dim] in the sum of squares (orthogonal Procrustes).

        For `diagonal(n)` the diagonal; matrices of `GL(n)` and `general(n)` are returned as they are.
        """
        self._check(matrices)
        if self.family == "diagonal":
            return torch.diag_embed(matrices.diagonal(dim1=-2, dim2=-1))
        if not self.orthogonal:
            return matrices
        u, _, vh = torch.linalg.svd(matrices)
        if self.family == "O":
            return u @ vh
        sign = torch.linalg.det(u @ vh).sign()
        last = torch.cat([torch.ones_like(u[..., 0, 1:]), sign.unsqueeze(-1)], -1)
        return (u * last.unsqueeze(-2)) @ vh

    def _check(self, matrices: Tensor) -> None:
        if matrices.shape[-2:] != (self.dim, self.dim):
            size = " x ".join(map(str, matrices.shape[-2:]))
            raise ValueError(f"the matrices of {self.name} are {self.dim} x {self.dim}, not {size}")

    def __repr__(self) -> str:
        return f"StructureGroup({self.name!r})"
