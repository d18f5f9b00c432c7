"""Llama against `transformers`' own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import catnet
import catnet.weights
from tests.models.parity import Case, agrees, checked, fills
from tests.models.references import transformers


def build(**config: Any) -> nn.Module:
    hf = transformers()
    sizes = {"num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 64}
    sizes |= {"intermediate_size": 40, "vocab_size": 61, "max_position_embeddings": 64}
    given = {"rms_norm_eps": 1e-5, "rope_theta": 500000.0, "bos_token_id": 0, "eos_token_id": 0}
    model: nn.Module = hf.LlamaForCausalLM(hf.LlamaConfig(**{**sizes, **given, **config}))
    return model


def double(module: nn.Module) -> nn.Module:
    """The reference in float64; its norm counts in float32 whatever comes, so it is written out again here."""

    def norm(self: Any, x: Tensor) -> Tensor:
        made: Tensor = self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))
        return made

    for part in module.modules():
        if type(part).__name__ == "LlamaRMSNorm":
            part.forward = norm.__get__(part)
    return module.double()


CASE = Case(
    net="llama",
    sizes={"layers": 3, "heads": 4, "groups": 2, "d": 64, "hidden": 40, "vocab": 61},
    build=build,
    inputs=(2, 11),
    vocab=61,
    map="hf-llama",
    call=lambda module, x: module(x).logits,
    double=double,
    published=8_030_261_248,
    full=lambda: build(
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=8,
        hidden_size=4096,
        intermediate_size=14336,
        vocab_size=128256,
    ),
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_llama_is_the_reference(dtype: torch.dtype, train: bool) -> None:
    agrees(CASE, dtype, train)


def test_old_files_keep_the_rates_of_the_rotation() -> None:
    state = dict(build().state_dict())
    state["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(8)
    catnet.weights.load(catnet.compile(CASE.path, "llama", **CASE.sizes), state, map="hf-llama")


def test_llama_is_checked_and_has_the_published_size() -> None:
    checked(CASE)


@pytest.mark.slow
def test_llama_has_a_place_for_every_published_tensor() -> None:
    fills(CASE)
