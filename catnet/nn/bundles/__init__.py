"""Blocks of networks on fibre bundles, as plain modules that import torch alone and are usable without the language.

Three families:

- Local trivialisations (`Atlas`): isomorphisms of the fibre over the charts of a `Cover`, by construction over the base
  (`Trivialisation`) or trained to be (`FreeTrivialisation`), with `Transitions` in a `StructureGroup`.
- Bundles and sheaves on a `Graph`: `transport`, `sheaf_laplacian`, `diffuse` along maps that are given, and layers that
  learn them. Features are [..., nodes, k, channels].
- Fields: `MeshConv` on a triangle mesh (`Surface`) and `StripConv2d` on the Moebius strip, the cylinder and the plane.

>>> import torch
>>> cover = Cover.circle(3)
>>> charts = [Trivialisation(Coupling(1, 2, LineSpline()), Interval()) for _ in cover.names]
>>> bundle = Atlas(cover, charts)
>>> base = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
>>> bundle.sample(base, 5).shape, bundle(base, torch.zeros(2, 1)).shape
(torch.Size([2, 5, 1]), torch.Size([2]))
"""

from __future__ import annotations

from catnet.nn.bundles.covers import Cover, OutsideEveryChartError
from catnet.nn.bundles.edge_lists import Connection, carry, collect, flow, laplacian, wrong_edge, wrong_map
from catnet.nn.bundles.isomorphisms import (
    Composite,
    Conditioner,
    Coupling,
    Isomorphism,
    LinearIsomorphism,
    Permutation,
    Polar,
    Standardise,
)
from catnet.nn.bundles.learned_covers import LearnedCover, UnfittedCoverError
from catnet.nn.bundles.losses import FibreConsistency, NegativeLogLikelihood, ProjectionResidual
from catnet.nn.bundles.mesh_convolution import FieldActivation, MeshConv
from catnet.nn.bundles.mirror_fields import MirrorFields
from catnet.nn.bundles.sheaf_layers import (
    BundleDiffusion,
    ConnectionDiffusion,
    EdgeMaps,
    FibreActivation,
    SheafDiffusion,
)
from catnet.nn.bundles.sheaves import (
    Graph,
    change_frames,
    coboundary,
    degree_blocks,
    diffuse,
    sheaf_laplacian,
    transport,
)
from catnet.nn.bundles.spaces import Circle, Euclidean, Interval
from catnet.nn.bundles.splines import Affine, CircleSpline, LineSpline, rational_quadratic
from catnet.nn.bundles.strips import StripActivation, StripConv2d, StripPool, pad_strip
from catnet.nn.bundles.structure_groups import StructureGroup
from catnet.nn.bundles.surfaces import PlaneFields, Surface, holonomy
from catnet.nn.bundles.transitions import Transitions, fitted_transitions, loop_product
from catnet.nn.bundles.trivialisations import Atlas, FreeTrivialisation, Trivialisation

__all__ = [
    "Affine",
    "Atlas",
    "BundleDiffusion",
    "Circle",
    "CircleSpline",
    "Composite",
    "Conditioner",
    "Connection",
    "ConnectionDiffusion",
    "Coupling",
    "Cover",
    "EdgeMaps",
    "Euclidean",
    "FibreActivation",
    "FibreConsistency",
    "FieldActivation",
    "FreeTrivialisation",
    "Graph",
    "Interval",
    "Isomorphism",
    "LearnedCover",
    "LineSpline",
    "LinearIsomorphism",
    "MeshConv",
    "MirrorFields",
    "NegativeLogLikelihood",
    "OutsideEveryChartError",
    "Permutation",
    "PlaneFields",
    "Polar",
    "ProjectionResidual",
    "SheafDiffusion",
    "Standardise",
    "StripActivation",
    "StripConv2d",
    "StripPool",
    "StructureGroup",
    "Surface",
    "Transitions",
    "Trivialisation",
    "UnfittedCoverError",
    "carry",
    "change_frames",
    "coboundary",
    "collect",
    "degree_blocks",
    "diffuse",
    "fitted_transitions",
    "flow",
    "holonomy",
    "laplacian",
    "loop_product",
    "pad_strip",
    "rational_quadratic",
    "sheaf_laplacian",
    "transport",
    "wrong_edge",
    "wrong_map",
]
