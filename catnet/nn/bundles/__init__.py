"""Blocks of networks on fibre bundles, as plain modules that import torch alone and are usable without the language."""

from __future__ import annotations

from catnet.nn.bundles.covers import Cover, OutsideEveryChartError
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
from catnet.nn.bundles.losses import FibreConsistency, NegativeLogLikelihood, ProjectionResidual
from catnet.nn.bundles.mesh_convolution import FieldActivation, MeshConv
from catnet.nn.bundles.mirror_fields import MirrorFields
from catnet.nn.bundles.sheaf_layers import BundleDiffusion, ConnectionDiffusion, EdgeMaps, SheafDiffusion
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
    "ConnectionDiffusion",
    "Coupling",
    "Cover",
    "EdgeMaps",
    "Euclidean",
    "FibreConsistency",
    "FieldActivation",
    "FreeTrivialisation",
    "Graph",
    "Interval",
    "Isomorphism",
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
    "change_frames",
    "coboundary",
    "degree_blocks",
    "diffuse",
    "fitted_transitions",
    "holonomy",
    "loop_product",
    "pad_strip",
    "rational_quadratic",
    "sheaf_laplacian",
    "transport",
]
