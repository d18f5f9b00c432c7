"""The layers PyTorch lacks, as plain modules that import torch alone and are usable without the language.

Conventions, the same in all of them:

- A vector of irreducible representations of O(3) is a flat last axis, laid out as `Irreps("8x0e + 4x1o")` says: blocks
  in order, each with its copies one after the other, each copy with its 2 l + 1 entries for m = -l..l. `e` and `o` are
  even and odd parity under x -> -x. The basis is that of the real spherical harmonics with the polar axis z and
  without the Condon-Shortley phase, so degree 1 is (y, z, x) and degree 2 is along
  (xy, yz, 3z^2 - r^2, xz, x^2 - y^2). A rotation R acts by the matrix D with Y(R x) = D Y(x).
- Images are [..., channels, height, width]. The quarter turn is `torch.rot90(x, 1, (-2, -1))`, the mirror exchanges
  left and right. The regular fibre lists turn^0..turn^3, then those after the mirror, and g sends e_h to e_gh.
- Tensors over a set of n points are [..., n, ..., n, channels].
- Constants are made in float64 and cast once; `.double()` casts them anew from there.

>>> import torch
>>> from catnet.nn import Gate, IrrepsLinear, SphericalHarmonics, TensorProduct
>>> harmonics = SphericalHarmonics(lmax=2)  # of the direction to a neighbour
>>> gate = Gate("8x0e", "4x1o")
>>> message = TensorProduct("8x0e + 4x1o", harmonics.irreps, gate.irreps_in)
>>> node, position = torch.randn(10, 20), torch.randn(10, 3)
>>> gate(message(node, harmonics(position))).shape
torch.Size([10, 20])
"""

from __future__ import annotations

from catnet.nn.bilinear import BilinearSum, Path
from catnet.nn.clebsch_gordan import clebsch_gordan, coupling
from catnet.nn.copywise import CopywiseActivation, CopywiseNorm
from catnet.nn.exact import Assembled, Exact
from catnet.nn.fibres import Fibre, Fibres
from catnet.nn.gates import EquivariantLayerNorm, Gate, NormActivation, Norms
from catnet.nn.group_convolution import FibreActivation, FibreBatchNorm2d, GroupConv2d, InvariantPool
from catnet.nn.intertwiner import Intertwiner, IntertwinerSum, Part
from catnet.nn.irreps import Block, Irreps
from catnet.nn.irreps_linear import IrrepsLinear
from catnet.nn.permutation import PermutationLinear, set_partitions
from catnet.nn.radial import BesselBasis, GaussianBasis, smooth_cutoff
from catnet.nn.spherical_harmonics import SphericalHarmonics, spherical_harmonics
from catnet.nn.steerable import SteerableConv2d, turn_error
from catnet.nn.symmetrise import FrameCanonicalise, SortCanonicalise, Symmetrise
from catnet.nn.tensor_product import TensorProduct

__all__ = [
    "Assembled",
    "BesselBasis",
    "BilinearSum",
    "Block",
    "CopywiseActivation",
    "CopywiseNorm",
    "EquivariantLayerNorm",
    "Exact",
    "Fibre",
    "FibreActivation",
    "FibreBatchNorm2d",
    "Fibres",
    "FrameCanonicalise",
    "Gate",
    "GaussianBasis",
    "GroupConv2d",
    "Intertwiner",
    "IntertwinerSum",
    "InvariantPool",
    "Irreps",
    "IrrepsLinear",
    "NormActivation",
    "Norms",
    "Part",
    "Path",
    "PermutationLinear",
    "SortCanonicalise",
    "SphericalHarmonics",
    "SteerableConv2d",
    "Symmetrise",
    "TensorProduct",
    "clebsch_gordan",
    "coupling",
    "set_partitions",
    "smooth_cutoff",
    "spherical_harmonics",
    "turn_error",
]
