"""The vocabulary: one file per family, one class per box. Importing this package fills `VOCABULARY`."""

from catnet.boxes import (
    activation,
    arithmetic,
    attention,
    convolution,
    elementary,
    iterate,
    linear,
    norm,
    parts,
    pooling,
    random,
    reduce,
    shape,
    source,
)
from catnet.diagrams.box import VOCABULARY

__all__ = [
    "VOCABULARY",
    "activation",
    "arithmetic",
    "attention",
    "convolution",
    "elementary",
    "iterate",
    "linear",
    "norm",
    "parts",
    "pooling",
    "random",
    "reduce",
    "shape",
    "source",
]
