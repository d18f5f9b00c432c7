"""The equivariant layers against plain torch of equal size, and against e3nn and escnn where they are installed.

escnn 1.0.11 asks for packages that it does not import for these layers, and for older ones than ours. It runs in an
environment of its own that sees our packages behind its own:

    pip install --no-deps escnn
    pip install lie_learn "scikit-learn<1.2" "scipy<1.12" "joblib<1.4"
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from time import process_time
from typing import TYPE_CHECKING, Any

from benchmarks.modules import paired
from benchmarks.process import fresh
from benchmarks.report import Table, bar, seconds

if TYPE_CHECKING:
    from torch import Tensor, nn

WORK = {"forward": "forward", "forward + backward": "training"}
# group, copies in and out, kernel, batch, image
CONVOLUTIONS: dict[str, tuple[str, int, int, int, int]] = {
    "C4, 8 -> 8 regular (32 channels), 3x3, 16 x 28x28": ("C4", 8, 3, 16, 28),
    "C4, 16 -> 16 regular (64 channels), 3x3, 16 x 28x28": ("C4", 16, 3, 16, 28),
    "D4, 8 -> 8 regular (64 channels), 3x3, 16 x 28x28": ("D4", 8, 3, 16, 28),
    "D4, 8 -> 8 regular (64 channels), 5x5, 16 x 28x28": ("D4", 8, 5, 16, 28),
    "C4, 32 -> 32 regular (128 channels), 3x3, 8 x 14x14": ("C4", 32, 3, 8, 14),
}
CONVOLUTION_BARS = {"forward": 1.02, "training": 1.08}
# lmax, copies of each degree, samples
PRODUCTS: dict[str, tuple[str, int, int, int]] = {
    f"{words}, lmax {lmax}, {copies} copies": (kind, lmax, copies, 512)
    for kind, words in {
        "linear": "linear",
        "full": "product with harmonics, fully connected",
        "channel": "product with harmonics, channel-wise, weights given",
    }.items()
    for lmax in (2, 4)
    for copies in (32,)
} | {"product of two features, fully connected, lmax 2, 8 copies": ("pair", 2, 8, 512)}
# group, copies in and out, kernel, batch, image
ESCNN: dict[str, tuple[str, int, int, int, int]] = {
    "C4, 32 -> 32 regular (128 channels), 3x3, 8 x 14x14": ("C4", 32, 3, 8, 14),
    "D4, 8 -> 8 regular (64 channels), 5x5, 16 x 28x28": ("D4", 8, 5, 16, 28),
}
ESCNN_BARS = {"forward": 1.02, "training": 1.0}  # in evaluation both are one convolution
PLAIN: dict[str, str] = {
    "sets: PermutationLinear(1, 1), 64 channels, 32 x 100 points": "sets",
    "pairs: PermutationLinear(2, 2), 32 channels, 8 x 30^2 pairs": "pairs",
    "Intertwiner of C(16) regular, 8 -> 8 copies, 512 samples": "intertwiner",
}


def run(quick: bool = False) -> list[Table]:
    """Convolutions, products, others, and the time to make a layer."""
    budget = 0.1 if quick else 4.0
    head = ("ratio", "middle half", "pairs", "bar")
    note = "CPU time, one thread. The ratio is the median over pairs of runs, one after the other."
    grids = Table("Group convolution against nn.Conv2d of equal size", ("layer", "torch", "catnet", *head), note=note)
    for title, case in list(CONVOLUTIONS.items())[: 1 if quick else None]:
        for words, work in WORK.items():
            found = fresh("benchmarks.symmetry_layers:convolution", *case, work, budget)
            grids.rows.append(_row(f"{title}, {words}", found, CONVOLUTION_BARS[work]))
    plain = Table(
        "Other layers against one nn.Linear on the same entries, which does less",
        ("layer", "torch", "catnet", *head),
        note=note,
    )
    for title, kind in PLAIN.items():
        for words, work in WORK.items():
            plain.rows.append(_row(f"{title}, {words}", fresh("benchmarks.symmetry_layers:dense", kind, work, budget)))
    return [grids, plain, _against_e3nn(quick, budget, note), *_against_escnn(quick, budget, note), _making(quick)]


def _against_e3nn(quick: bool, budget: float, note: str) -> Table:
    head = ("layer", "e3nn", "catnet", "ratio", "middle half", "pairs", "bar")
    table = Table("Layers of irreducibles against e3nn in its compiled form", head, note=note)
    if importlib.util.find_spec("e3nn") is None:
        table.rows.append(("e3nn is not installed", *[""] * 6))
        return table
    for title, case in list(PRODUCTS.items())[: 1 if quick else None]:
        for words, work in WORK.items():
            found = fresh("benchmarks.symmetry_layers:irreducibles", *case, work, budget)
            table.rows.append(_row(f"{title}, {words}", found, 1.0))
    return table


def _against_escnn(quick: bool, budget: float, note: str) -> list[Table]:
    head = ("layer", "escnn", "catnet", "ratio")
    layers = Table("Group convolutions against escnn's", (*head, "middle half", "pairs", "bar"), note=note)
    made = Table(
        "Making a layer, the first in a process, against escnn",
        head,
        note="CPU time, imports not counted; escnn's cache of Clebsch-Gordan coefficients on disk is empty or filled.",
    )
    if importlib.util.find_spec("escnn") is None:
        layers.rows.append(("escnn is not installed", *[""] * 6))
        return [layers]
    for title, case in list(ESCNN.items())[: 1 if quick else None]:
        for words, work in WORK.items():
            found = fresh("benchmarks.symmetry_layers:against_escnn", *case, work, budget)
            layers.rows.append(_row(f"{title}, {words}", found, ESCNN_BARS[work]))
    ours = fresh("benchmarks.symmetry_layers:making", "steerable", runs=1 if quick else 3)["seconds"]
    for words, cached in {"empty": False, "filled": True}.items():
        theirs = fresh("benchmarks.symmetry_layers:making_escnn", cached, runs=1 + cached)["seconds"]
        title = f"D16, 8 -> 8 regular, 7x7, cache {words}"
        made.rows.append((title, seconds(theirs), seconds(ours), f"{ours / theirs:.3f}"))
    return [layers, made]


def _making(quick: bool) -> Table:
    table = Table("Making a layer, the first in a process", ("layer", "CPU time", "bar"))
    for title, kind in {
        "steerable D16, 8 -> 8 regular, 7x7": "steerable",
        "group convolution D4, 8 -> 8 regular, 7x7": "group",
        "tensor product lmax 4, 32 copies": "product",
    }.items():
        spent = fresh("benchmarks.symmetry_layers:making", kind, runs=1 if quick else 3)["seconds"]
        table.rows.append((title, seconds(spent), bar("under 1 s", spent < 1)))
    return table


def _row(title: str, found: dict[str, float], limit: float | None = None) -> tuple[str, ...]:
    spread = f"{found['low']:.3f} to {found['high']:.3f}"
    figures = (seconds(found["b"]), seconds(found["a"]), f"{found['ratio']:.3f}", spread, f"{found['pairs']:.0f}")
    return (title, *figures, "" if limit is None else bar(f"at most {limit}", found["ratio"] <= limit))


# -- in a fresh process ------------------------------------------------------------------------------------------


def convolution(
    group: str, copies: int, size: int, batch: int, image: int, work: str, budget: float
) -> dict[str, float]:
    """A regular to regular group convolution (a) against a plain one of as many channels (b)."""
    import torch
    from torch import nn

    from catnet.nn import GroupConv2d

    torch.set_num_threads(1)
    blocks = [(copies, "regular")]
    ours = GroupConv2d(group, blocks, blocks, size, padding=size // 2)
    plain = nn.Conv2d(ours.into.channels, ours.out.channels, size, padding=size // 2)
    x = torch.randn(batch, ours.into.channels, image, image, requires_grad=work == "training")
    return paired(_job(ours, (x,), work), _job(plain, (x,), work), budget)


def dense(kind: str, work: str, budget: float) -> dict[str, float]:
    """A layer (a) against one nn.Linear on the same entries (b)."""
    import torch
    from torch import nn

    from catnet.nn import Intertwiner, PermutationLinear

    torch.set_num_threads(1)
    makers: dict[str, Callable[[], tuple[nn.Module, nn.Module, Tensor]]] = {
        "sets": lambda: (PermutationLinear(1, 1, 64, 64), nn.Linear(64, 64), torch.randn(32, 100, 64)),
        "pairs": lambda: (PermutationLinear(2, 2, 32, 32), nn.Linear(32, 32), torch.randn(8, 30, 30, 32)),
        "intertwiner": lambda: (
            Intertwiner(
                [{(i, (i + k) % 16): 1 for i in range(16)} for k in range(16)],
                16,
                16,
                8,
                8,
                [dict.fromkeys(range(16), 1)],
            ),
            nn.Linear(128, 128),
            torch.randn(512, 128),
        ),
    }
    ours, plain, x = makers[kind]()
    x.requires_grad_(work == "training")
    return paired(_job(ours, (x,), work), _job(plain, (x,), work), budget)


def irreducibles(kind: str, lmax: int, copies: int, samples: int, work: str, budget: float) -> dict[str, float]:
    """A layer of irreducibles (a) against e3nn's (b), of the same shape and number of weights."""
    import torch
    from e3nn import o3

    from catnet.nn import IrrepsLinear, TensorProduct

    torch.set_num_threads(1)
    features = " + ".join(f"{copies}x{degree}{'eo'[degree % 2]}" for degree in range(lmax + 1))
    harmonics = features.replace(f"{copies}x", "1x")
    ours: Any
    theirs: Any
    if kind == "linear":
        ours, theirs = IrrepsLinear(features, features), o3.Linear(features, features, biases=True)
        given = [o3.Irreps(features).dim]
    elif kind == "channel":
        paths, out = _channel_paths(lmax, copies)
        ours = TensorProduct(features, harmonics, out, "channel", paths, shared=False)
        wanted = [(*path, "uvu", True) for path in paths]
        theirs = o3.TensorProduct(features, harmonics, out, wanted, shared_weights=False, internal_weights=False)
        given = [o3.Irreps(features).dim, o3.Irreps(harmonics).dim, ours.weights]
    else:
        other = features if kind == "pair" else harmonics
        ours = TensorProduct(features, other, features)
        theirs = o3.FullyConnectedTensorProduct(features, other, features)
        given = [o3.Irreps(features).dim, o3.Irreps(other).dim]
    counts = [sum(p.numel() for p in module.parameters()) for module in (ours, theirs)]
    if counts[0] != counts[1]:
        raise AssertionError(f"not the same layer: {counts} weights")
    inputs = tuple(torch.randn(samples, size, requires_grad=work == "training") for size in given)
    return paired(_job(ours, inputs, work), _job(theirs, inputs, work), budget)


def _channel_paths(lmax: int, copies: int) -> tuple[list[tuple[int, int, int]], str]:
    """All couplings of features and harmonics up to `lmax`, each to a block of its own."""
    paths, out = [], []
    for a in range(lmax + 1):
        for b in range(lmax + 1):
            for c in range(abs(a - b), min(a + b, lmax) + 1):
                paths.append((a, b, len(out)))
                out.append(f"{copies}x{c}{'eo'[(a + b) % 2]}")
    return paths, " + ".join(out)


def against_escnn(
    group: str, copies: int, size: int, batch: int, image: int, work: str, budget: float
) -> dict[str, float]:
    """A regular to regular group convolution (a) against escnn's (b), which has fewer weights: it leaves out those of
    high frequency."""
    import torch
    from escnn import gspaces
    from escnn import nn as theirs

    from catnet.nn import GroupConv2d

    torch.set_num_threads(1)
    blocks = [(copies, "regular")]
    ours = GroupConv2d(group, blocks, blocks, size, padding=size // 2)
    space = gspaces.rot2dOnR2(4) if group == "C4" else gspaces.flipRot2dOnR2(4)
    field = theirs.FieldType(space, copies * [space.regular_repr])
    other = theirs.R2Conv(field, field, size, padding=size // 2)
    x = torch.randn(batch, ours.into.channels, image, image, requires_grad=work == "training")

    class Plain(torch.nn.Module):
        """escnn's layer on tensors."""

        def __init__(self) -> None:
            super().__init__()
            self.layer = other

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.layer(theirs.GeometricTensor(x, field)).tensor
            return y

    return paired(_job(ours, (x,), work), _job(Plain(), (x,), work), budget)


def making_escnn(cached: bool) -> dict[str, float]:
    """The time to make escnn's layer of D16 once it is loaded; without its cache the first call fills a fresh one."""
    import tempfile

    import torch
    from escnn import gspaces, nn
    from escnn.group import _clebsh_gordan

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        if not cached:
            _clebsh_gordan.cache.store_backend.location = folder
        start = process_time()
        space = gspaces.flipRot2dOnR2(16)
        field = nn.FieldType(space, 8 * [space.regular_repr])
        nn.R2Conv(field, field, 7, padding=3)
        return {"seconds": process_time() - start}


def making(kind: str) -> dict[str, float]:
    """The time to make a layer once torch is loaded."""
    import torch

    from catnet.nn import GroupConv2d, SteerableConv2d, TensorProduct

    torch.set_num_threads(1)
    features = " + ".join(f"32x{degree}{'eo'[degree % 2]}" for degree in range(5))
    blocks = [(8, "regular")]
    makers: dict[str, Callable[[], nn.Module]] = {
        "steerable": lambda: SteerableConv2d("D16", blocks, blocks, 7),
        "group": lambda: GroupConv2d("D4", blocks, blocks, 7),
        "product": lambda: TensorProduct(features, features.replace("32x", "1x"), features),
    }
    start = process_time()
    makers[kind]()
    return {"seconds": process_time() - start}


def _job(module: nn.Module, inputs: tuple[Tensor, ...], work: str) -> Callable[[], object]:
    import torch

    def forward() -> object:
        with torch.no_grad():
            return module(*inputs)

    def training() -> None:
        for tensor in (*module.parameters(), *inputs):
            tensor.grad = None
        module(*inputs).sum().backward()

    module.train(work == "training")
    return training if work == "training" else forward
