"""Exact algebra of groups and representations: what the checker of equivariance and the solver of layers stand on.

>>> from catnet.symmetry import O, S, irrep, outer, sym2, trivial, vector
>>> V = 8 * trivial(O(3)) + 4 * vector(O(3))
>>> V, V.dim.value, V.kind
(8*trivial(O(3)) + 4*vector(O(3)), 20, <Kind.ORTHOGONAL: 'orthogonal'>)
>>> outer(vector(S(5)), V).group
S(5) * O(3)

Nothing here knows of diagrams or syntax, and loading it imports neither torch nor SymPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catnet.symmetry.constructors import *  # noqa: F403  (it lists its names)
    from catnet.symmetry.elements import Element, Flow
    from catnet.symmetry.error_measure import error
    from catnet.symmetry.exact import Matrix, cosine, root, sine, sqrt
    from catnet.symmetry.groups import Group
    from catnet.symmetry.intertwiners import Basis, hom
    from catnet.symmetry.kinds import Kind
    from catnet.symmetry.reps import Rep

__all__ = [  # noqa: F405
    "GL",
    "SO",
    "SU",
    "A",
    "Basis",
    "C",
    "D",
    "Element",
    "Flow",
    "Group",
    "Kind",
    "Matrix",
    "O",
    "Rep",
    "S",
    "Sp",
    "U",
    "alt2",
    "cosine",
    "dual",
    "error",
    "hom",
    "inflate",
    "irrep",
    "matrices",
    "outer",
    "p4",
    "p4m",
    "permutation",
    "permutations",
    "product",
    "regular",
    "representation",
    "restrict",
    "root",
    "sign",
    "sine",
    "sqrt",
    "sym2",
    "translations",
    "trivial",
    "vector",
]

_HOMES = {
    "Element": "elements",
    "Flow": "elements",
    "error": "error_measure",
    "Matrix": "exact",
    "cosine": "exact",
    "root": "exact",
    "sine": "exact",
    "sqrt": "exact",
    "Group": "groups",
    "Basis": "intertwiners",
    "hom": "intertwiners",
    "Kind": "kinds",
    "Rep": "reps",
}
"""Where each name lives; those that are not here are in `constructors`. A name is loaded when it is asked for, so that
a check that needs one fact of this room does not load the rest."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'catnet.symmetry' has no attribute {name!r}")
    home = importlib.import_module(f"catnet.symmetry.{_HOMES.get(name, 'constructors')}")
    return getattr(home, name)
