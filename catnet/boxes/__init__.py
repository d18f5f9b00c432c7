"""The vocabulary: one file per family, one class per box. Importing this package fills `VOCABULARY`."""

from catnet.boxes import linear
from catnet.diagrams.box import VOCABULARY

__all__ = ["VOCABULARY", "linear"]
