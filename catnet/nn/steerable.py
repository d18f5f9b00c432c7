"""Convolutions steered by finer turns than a grid has: C(n) and D(n), approximate, with a measure of the error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from catnet.nn.exact import Assembled, Dense
from catnet.nn.group_convolution import convolve

Name = int | str  # of a fibre: "trivial", "regular", or the frequency of an irreducible plane


class Turns(NamedTuple):
    """The group C(n), or D(n) with mirrors; its elements are turn^0..turn^(n-1), then those after the mirror."""

    n: int
    mirrors: bool

    @property
    def elements(self) -> list[tuple[int, bool]]:
        """(turns, mirrored): first the exchange of left and right, then turns by 360 / n degrees."""
        return [(j, m) for m in ((False, True) if self.mirrors else (False,)) for j in range(self.n)]

    def matrices(self, name: Name) -> Tensor:
        """The float64 matrices [order, d, d] of a fibre.

        "trivial"; "regular", in the order of the elements; or a frequency k, the plane that a turn turns by k steps
        and the mirror is diag(1, -1). Raises ValueError for another name, or for k that is not between 0 and n / 2.
        """
        if name == "trivial":
            return torch.ones(len(self.elements), 1, 1, dtype=torch.float64)
        if name == "regular":
            return self._regular()
        if not isinstance(name, int) or not 0 < 2 * name < self.n:
            raise ValueError(
                f'a fibre is "trivial", "regular" or a frequency from 1 to {(self.n - 1) // 2}, not {name!r}'
            )
        found = []
        for j, mirrored in self.elements:
            c, s = _circle(name * j, self.n)
            found.append([[c, s if mirrored else -s], [s, -c if mirrored else c]])
        return torch.tensor(found, dtype=torch.float64)

    def _regular(self) -> Tensor:
        order = len(self.elements)
        found = torch.zeros(order, order, order, dtype=torch.float64)
        for g, (j, mirrored) in enumerate(self.elements):
            for h, (i, other) in enumerate(self.elements):
                turns = (j - i if mirrored else j + i) % self.n
                found[g, turns + self.n * (mirrored != other), h] = 1
        return found


class SteerableConv2d(Assembled):
    """A convolution whose kernel is built of circular harmonics, so that it can be turned by any angle.

    `group` is "C" or "D" and a number, such as "C16" or "D16"; `into` and `out` are blocks (copies, fibre) with the
    fibres of `Turns.matrices`. Images have shape [..., channels, height, width], odd `kernel_size`.

    The continuous kernel is exactly equivariant; its samples on the grid are so for quarter turns and mirrors alone,
    to rounding. In between it is *approximate*: `turn_error` measures by how much, for images of a given
    fineness. A kernel has rings of radius r = 0, 1, .. pixels with a Gaussian profile of width 0.6 and angular
    frequencies up to 2 r; the outermost, of which the square cuts off a part, has width 0.4 and frequencies up to r.
    (Of the choices tried these had the least error that keep so many frequencies.)

    Raises ValueError for another group or fibre, and for an even `kernel_size`.

    >>> conv = SteerableConv2d("C16", [(1, "trivial")], [(2, "regular")], 5)
    >>> conv(torch.randn(1, 1, 9, 9)).shape
    torch.Size([1, 32, 5, 5])
    """

    harmonics: Tensor
    fixed: Tensor

    def __init__(
        self,
        group: str,
        into: Sequence[tuple[int, Name]],
        out: Sequence[tuple[int, Name]],
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if group[:1] not in ("C", "D") or not group[1:].isdigit() or int(group[1:]) < 1:
            raise ValueError(f"the group is C or D and a number, such as C16, not {group!r}")
        if kernel_size % 2 == 0:
            raise ValueError(f"the kernel needs a centre: its size is odd, not {kernel_size}")
        self.turns, self.group = Turns(int(group[1:]), group[0] == "D"), group
        self.into, self.out, self.kernel_size = list(into), list(out), kernel_size
        self.stride, self.padding = stride, padding
        with torch.device("cpu"):
            waves = _harmonics(kernel_size)
            moved = torch.stack([waves.moved(j, m, self.turns.n) for j, m in self.turns.elements])
            blocks = [_fixed(self.turns.matrices(name)) for copies, name in self.out for _ in range(copies)]
            fixed = torch.block_diag(*blocks)
        self.constant("harmonics", moved)
        self.weight = nn.ParameterList()
        self.bounds: list[float] = []
        for o in range(len(self.out)):
            for i in range(len(self.into)):
                self._pair(o, i, waves)
        self.bias = nn.Parameter(torch.empty(len(fixed))) if bias and len(fixed) else None
        if self.bias is not None:
            self.constant("fixed", fixed)
        self.reset_parameters()

    def _pair(self, o: int, i: int, waves: _Waves) -> None:
        """Constants and a parameter for a pair of blocks.

        From or to a regular fibre a kernel is any kernel at one of its channels, moved along (Frobenius); between
        two others it is found as the image of the average over the group.
        """
        (out_copies, out), (in_copies, into) = self.out[o], self.into[i]
        with torch.device("cpu"):
            rho, sigma = self.turns.matrices(out), self.turns.matrices(into)
            basis = None if "regular" in (out, into) else _basis(rho, sigma, waves, self.turns)
        count = self.harmonics.shape[1]
        number = len(self.weight)
        if basis is None:
            self.constant(f"spread{number}", rho if out != "regular" else sigma)
            free = sigma.shape[-1] * count if out == "regular" else rho.shape[-1] * count
            energy = float(self._masters["harmonics"].square().sum()) * (free // count) / rho.shape[-1]
        else:
            self.constant(f"basis{number}", basis)
            free, energy = len(basis), float(basis.square().sum()) / rho.shape[-1]
        self.weight.append(nn.Parameter(torch.empty(out_copies, in_copies, free)))
        self.bounds.append(1 / math.sqrt(len(self.into) * in_copies * max(energy, 1e-12)))

    def reset_parameters(self) -> None:
        """Draw new parameters, for outputs of variance 1/3 from inputs of unit variance."""
        for weight, bound in zip(self.weight, self.bounds, strict=True):
            nn.init.uniform_(weight, -bound, bound)
        if self.bias is not None:
            bound = 1 / math.sqrt(self.channels(self.into) * self.kernel_size**2)
            nn.init.uniform_(self.bias, -bound, bound)

    def channels(self, blocks: Sequence[tuple[int, Name]]) -> int:
        """The channels of some blocks."""
        return sum(copies * self.turns.matrices(name).shape[-1] for copies, name in blocks)

    def matrices(self, blocks: Sequence[tuple[int, Name]]) -> Tensor:
        """The float64 matrices [order, channels, channels] of all elements on some blocks."""
        parts = [self.turns.matrices(name) for copies, name in blocks for _ in range(copies)]
        return torch.stack([torch.block_diag(*[part[g] for part in parts]) for g in range(len(self.turns.elements))])

    def assemble(self) -> Dense:
        """The kernel [out channels, in channels, kernel_size, kernel_size] and the bias."""
        kernels = [self._kernel(number) for number in range(len(self.weight))]
        width = len(self.into)
        rows = [torch.cat(kernels[start : start + width], 1) for start in range(0, len(kernels), width)]
        bias = None if self.bias is None else self.bias @ self.fixed
        return torch.cat(rows).unflatten(-1, (self.kernel_size, self.kernel_size)), bias

    def _kernel(self, number: int) -> Tensor:
        free = self.weight[number]
        if hasattr(self, f"basis{number}"):
            kernel = torch.einsum("oif,fabp->oaibp", free, getattr(self, f"basis{number}"))
        else:
            spread = getattr(self, f"spread{number}")
            free = free.unflatten(-1, (spread.shape[-1], -1))
            if self.out[number // len(self.into)][1] == "regular":
                moved = torch.einsum("oicj,gbc->ogibj", free, spread)  # rho(g^-1) is the transpose
                kernel = torch.einsum("ogibj,gjp->ogibp", moved, self.harmonics)
            else:
                moved = torch.einsum("oicj,gac->oaigj", free, spread)
                kernel = torch.einsum("oaigj,gjp->oaigp", moved, self.harmonics)
        return kernel.flatten(2, 3).flatten(0, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[..., channels, height, width] -> [..., channels, new height, new width]."""
        return convolve(x, *self.assembled(), self.stride, self.padding, "zeros")

    def extra_repr(self) -> str:
        """The group, the blocks and that it is approximate."""
        return f"{self.group}, {self.into} -> {self.out}, kernel_size={self.kernel_size}, approximate"


def turn_error(layer: SteerableConv2d, fineness: float = 0.125, samples: int = 32, seed: int = 0) -> list[float]:
    """How far a layer is from equivariance, for each element of its group: `||f(g x) - g f(x)|| / ||f(x)||`.

    x are `samples` random images of plane waves of up to `fineness` cycles per pixel (0.5 is the finest that a
    grid shows). They are turned as formulas, not by interpolation, so that the error is the layer's alone; it is
    measured in float64 in the middle of the image, the root mean square over samples.

    >>> error = turn_error(SteerableConv2d("C8", [(1, "trivial")], [(1, "regular")], 5))
    >>> error[2] < 1e-12 < error[1] < 0.1  # a quarter turn, an eighth
    True
    """
    draw = torch.Generator().manual_seed(seed)
    waves, size = 8, layer.kernel_size
    rho, sigma = layer.matrices(layer.out), layer.matrices(layer.into)
    angle = 2 * math.pi * torch.rand(samples, waves, generator=draw, dtype=torch.float64)
    radius = 2 * math.pi * fineness * torch.rand(samples, waves, generator=draw, dtype=torch.float64).sqrt()
    vectors = radius.unsqueeze(-1) * torch.stack((angle.cos(), angle.sin()), -1)
    phases = 2 * math.pi * torch.rand(samples, waves, generator=draw, dtype=torch.float64)
    heights = torch.randn(samples, waves, sigma.shape[-1], generator=draw, dtype=torch.float64)
    points = _points(size)
    with torch.no_grad():
        weight = _kernel_in_float64(layer)
        found = []
        for g, (j, mirrored) in enumerate(layer.turns.elements):
            turned = vectors @ _plane(j, mirrored, layer.turns.n).mT  # <k, g^-1 p> = <g k, p>
            image = torch.cos(torch.einsum("swd,pd->swp", turned, points) + phases.unsqueeze(-1))
            moved = torch.einsum("swp,swc,dc->sdp", image, heights, sigma[g])
            found.append(torch.einsum("adp,sdp->sa", weight, moved))
    scale = found[0].norm()
    return [float((y - found[0] @ rho[g].mT).norm() / scale) for g, y in enumerate(found)]


def _kernel_in_float64(layer: SteerableConv2d) -> Tensor:
    """The kernel [out channels, in channels, points] of the same parameters, free of the rounding of their dtype."""
    exact = SteerableConv2d(layer.group, layer.into, layer.out, layer.kernel_size, bias=False).double()
    for mine, theirs in zip(exact.weight, layer.weight, strict=True):
        mine.copy_(theirs.double())
    return exact.assemble()[0].flatten(2)


class _Waves(NamedTuple):
    """Circular harmonics on the grid: values [count, points]; the frequency and phase of each, 0 cosine, 1 sine."""

    values: Tensor
    kinds: list[tuple[int, int]]

    def moved(self, turns: int, mirrored: bool, n: int) -> Tensor:
        """The same at g^-1 p, exactly: [count, points]."""
        return torch.stack([self._one(index, turns, mirrored, n) for index in range(len(self.kinds))])

    def _one(self, index: int, turns: int, mirrored: bool, n: int) -> Tensor:
        frequency, phase = self.kinds[index]
        if not frequency:
            return self.values[index]
        pair = self.values[index - phase : index - phase + 2]
        matrix = _move(frequency, turns, mirrored, n)
        return matrix[:, phase] @ pair


def _harmonics(kernel_size: int) -> _Waves:
    points = _points(kernel_size)
    radius, angle = points.norm(dim=-1), torch.atan2(points[:, 1], points[:, 0])
    values, kinds = [], []
    last = kernel_size // 2
    for ring in range(last + 1):
        profile = torch.exp(-0.5 * ((radius - ring) / (0.6 if ring < last else 0.4)) ** 2)
        for frequency in range((2 * ring if ring < last else ring) + 1):
            wave = profile if frequency == 0 else profile * (radius > 0)
            cosine, sine = wave * torch.cos(frequency * angle), wave * torch.sin(frequency * angle)
            pair = [cosine, sine] if frequency else [cosine]
            scale = math.sqrt(len(pair) / sum(float(p.square().sum()) for p in pair))
            values += [p * scale for p in pair]
            kinds += [(frequency, phase) for phase in range(len(pair))]
    return _Waves(torch.stack(values), kinds)


def _points(size: int) -> Tensor:
    """The places of a kernel's entries, [size^2, 2], x to the right and y upwards, from its centre."""
    line = torch.arange(size, dtype=torch.float64, device="cpu") - (size - 1) / 2
    y, x = torch.meshgrid(-line, line, indexing="ij")
    return torch.stack((x, y), -1).flatten(0, 1)


def _circle(steps: int, n: int) -> tuple[float, float]:
    """Cosine and sine of steps / n of a full turn, exact at quarter turns."""
    quarters, rest = divmod(4 * (steps % n), n)
    c, s = math.cos(math.pi * rest / (2 * n)), math.sin(math.pi * rest / (2 * n))
    return ((c, s), (-s, c), (-c, -s), (s, -c))[quarters]


def _plane(turns: int, mirrored: bool, n: int) -> Tensor:
    """The matrix on (x, y)."""
    c, s = _circle(turns, n)
    return torch.tensor([[-c if mirrored else c, -s], [-s if mirrored else s, c]], dtype=torch.float64)


def _move(frequency: int, turns: int, mirrored: bool, n: int) -> Tensor:
    """What g does to the pair cos(m a), sin(m a) as functions: columns are the images, f -> f(g^-1 p)."""
    c, s = _circle(frequency * turns, n)
    sign = (-1.0) ** frequency
    matrix = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    return matrix @ torch.diag(torch.tensor([sign, -sign], dtype=torch.float64)) if mirrored else matrix


def _basis(rho: Tensor, sigma: Tensor, waves: _Waves, turns: Turns) -> Tensor:
    """The equivariant kernels between two fibres, [free, out, in, points], orthonormal in terms of the harmonics."""
    found = []
    shape = (rho.shape[-1], sigma.shape[-1])
    for index, (frequency, phase) in enumerate(waves.kinds):
        if phase:
            continue
        width = 2 if frequency else 1
        average = torch.zeros(shape[0] * shape[1] * width, shape[0] * shape[1] * width, dtype=torch.float64)
        for g, (j, mirrored) in enumerate(turns.elements):
            wave = _move(frequency, j, mirrored, turns.n) if frequency else torch.ones(1, 1, dtype=torch.float64)
            average += torch.kron(torch.kron(rho[g], sigma[g]), wave) / len(rho)
        values, vectors = torch.linalg.eigh((average + average.mT) / 2)
        for vector in vectors.mT[values > 0.5]:  # the average is a projection: its eigenvalues are 0 and 1
            element = torch.zeros(*shape, len(waves.kinds), dtype=torch.float64)
            element[..., index : index + width] = vector.reshape(*shape, width)
            found.append(element)
    none = torch.zeros(0, *shape, len(waves.kinds), dtype=torch.float64)
    return torch.einsum("fabj,jp->fabp", torch.stack(found) if found else none, waves.values)


def _fixed(matrices: Tensor) -> Tensor:
    """The fixed vectors of a fibre as rows: all ones for the trivial and the regular one, else none."""
    d = matrices.shape[-1]
    ones = torch.ones(1, d, dtype=torch.float64)
    return ones if torch.equal(ones @ matrices.sum(0), ones * len(matrices)) else torch.zeros(0, d, dtype=torch.float64)
