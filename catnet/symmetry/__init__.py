"""Exact algebra of groups and representations: what the checker of equivariance and the solver of layers stand on.

Nothing here knows of diagrams or syntax, and loading it imports neither torch nor SymPy.
"""

from __future__ import annotations

from catnet.symmetry.constructors import *
