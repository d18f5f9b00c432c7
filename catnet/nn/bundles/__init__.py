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
from catnet.nn.bundles.spaces import Circle, Euclidean, Interval
from catnet.nn.bundles.splines import Affine, CircleSpline, LineSpline, rational_quadratic
from catnet.nn.bundles.structure_groups import StructureGroup
from catnet.nn.bundles.transitions import Transitions, fitted_transitions, loop_product
from catnet.nn.bundles.trivialisations import Atlas, FreeTrivialisation, Trivialisation
