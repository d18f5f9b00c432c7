"""Fibre bundles: charts, structure groups and transitions, with their laws decided by algebra.

>>> from catnet.bundles import C, U, I, bundle, exp, names, sphere
>>> phi, m = names("phi m")
>>> charts = {"north": ("theta", "phi"), "south": ("theta", "phi")}
>>> monopole = bundle("Monopole", sphere(charts), C(), U(1), {("north", "south"): exp(I * m * phi)}, ["m"])
>>> monopole.laws().proved, monopole.facts().degree.value, monopole.at(m=0).facts().trivial.value
(True, m, True)

Nothing here knows of diagrams or syntax, and loading it imports neither torch nor SymPy.
"""

from __future__ import annotations

from catnet.bundles.base_maps import BaseMap
from catnet.bundles.bases import Base, Clutch, Coordinate, Overlap
from catnet.bundles.bundle import Bundle, Transition, bundle
from catnet.bundles.data_spaces import complex, flag_complex, graph, grid, learned, mesh
from catnet.bundles.derived import associated, determinant, dual, pullback, restricted, tensor, whitney_sum
from catnet.bundles.expressions import Expr, I, conjugate, cos, exp, expression, name, names, pi, sin, substitute
from catnet.bundles.facts import Fact, Facts, Holonomy
from catnet.bundles.fibres import C, Fibre, R, circle_fibre, group_fibre
from catnet.bundles.laws import Laws
from catnet.bundles.matrices import Entries
from catnet.bundles.sections import BundleMap, Section, bundle_map, section
from catnet.bundles.spaces import circle, interval, sphere, torus
from catnet.bundles.structures import GL, GeneralLinear, Structure, structure
from catnet.bundles.verdicts import Law, Verdict, Witness
from catnet.bundles.words import Word
from catnet.symmetry import SO, SU, O, Sp, U

Z2 = O(1)

__all__ = [
    "GL",
    "SO",
    "SU",
    "Z2",
    "Base",
    "BaseMap",
    "Bundle",
    "BundleMap",
    "C",
    "Clutch",
    "Coordinate",
    "Entries",
    "Expr",
    "Fact",
    "Facts",
    "Fibre",
    "GeneralLinear",
    "Holonomy",
    "I",
    "Law",
    "Laws",
    "O",
    "Overlap",
    "R",
    "Section",
    "Sp",
    "Structure",
    "Transition",
    "U",
    "Verdict",
    "Witness",
    "Word",
    "associated",
    "bundle",
    "bundle_map",
    "circle",
    "circle_fibre",
    "complex",
    "conjugate",
    "cos",
    "determinant",
    "dual",
    "exp",
    "expression",
    "flag_complex",
    "graph",
    "grid",
    "group_fibre",
    "interval",
    "learned",
    "mesh",
    "name",
    "names",
    "pi",
    "pullback",
    "restricted",
    "section",
    "sin",
    "sphere",
    "structure",
    "substitute",
    "tensor",
    "torus",
    "whitney_sum",
]
