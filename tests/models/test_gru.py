"""The language model of GRU layers against `torch.nn.GRU` in PyTorch's example of a language model."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.models.parity import Case, agrees, checked, fills


class Reference(nn.Module):
    """With the parts and the keys of PyTorch's example (word_language_model/model.py), the batch in front."""

    def __init__(self, vocab: int, d: int, h: int, layers: int, p: float) -> None:
        super().__init__()
        self.drop = nn.Dropout(p)
        self.encoder = nn.Embedding(vocab, d)
        self.rnn = nn.GRU(d, h, layers, dropout=p, batch_first=True)
        self.decoder = nn.Linear(h, vocab)

    def forward(self, tokens: Tensor) -> Tensor:
        output, _ = self.rnn(self.drop(self.encoder(tokens)))
        scores: Tensor = self.decoder(self.drop(output))
        return scores


CASE = Case(
    net="gru",
    sizes={"layers": 3, "h": 11, "d": 7, "vocab": 13},
    build=lambda: Reference(13, 7, 11, 3, 0.5),
    inputs=(2, 9),
    vocab=13,
    map="torch-gru",
    published=18_087_800,
    full=lambda: Reference(10000, 650, 650, 2, 0.5),
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_gru_is_the_reference(dtype: torch.dtype, train: bool) -> None:
    agrees(CASE, dtype, train)


def test_gru_is_checked_and_has_the_published_size() -> None:
    checked(CASE)


@pytest.mark.slow
def test_gru_has_a_place_for_every_published_tensor() -> None:
    fills(CASE)
