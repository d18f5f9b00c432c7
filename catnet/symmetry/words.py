"""The words of symmetry in the language: importing this puts them among what a static expression may call."""

from __future__ import annotations

from catnet.symmetry import constructors
from catnet.types.spaces import FUNCTIONS

GROUPS = ("C", "D", "S", "A", "SO", "O", "U", "SU", "Sp")
REPRESENTATIONS = ("trivial", "vector")

FUNCTIONS.update({name: getattr(constructors, name) for name in (*GROUPS, *REPRESENTATIONS)})
