"""Llama against `transformers`' own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
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


TIED = dataclasses.replace(
    CASE,
    sizes={**CASE.sizes, "tied": True},
    build=lambda: build(tie_word_embeddings=True),
    map="hf-llama-tied",
    full=lambda: build(  # Llama 3.2 1B
        num_hidden_layers=16,
        num_attention_heads=32,
        num_key_value_heads=8,
        hidden_size=2048,
        intermediate_size=8192,
        vocab_size=128256,
        tie_word_embeddings=True,
    ),
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_with_tied_embeddings_too(dtype: torch.dtype, train: bool) -> None:
    agrees(TIED, dtype, train)


def test_published_files_of_tied_models_have_no_head(tmp_path: Path) -> None:
    reference = TIED.build()
    state = {k: v.contiguous() for k, v in reference.state_dict().items() if k != "lm_head.weight"}
    save_file(state, tmp_path / "llama.safetensors")
    module = catnet.compile(CASE.path, "llama", **TIED.sizes).eval()
    catnet.weights.load(module, tmp_path / "llama.safetensors", map="hf-llama-tied")
    x = torch.randint(61, (2, 16))
    torch.testing.assert_close(module(x), reference.eval()(x).logits)
    untied = catnet.compile(CASE.path, "llama", **CASE.sizes)
    with pytest.raises(catnet.weights.WeightsError, match=r"nothing fills: `lm_head\.weight`"):
        catnet.weights.load(untied, tmp_path / "llama.safetensors", map="hf-llama")


@pytest.mark.slow
def test_llama_3_2_has_a_place_for_every_tensor() -> None:
    program = catnet.load(CASE.path)
    sizes = {"layers": 16, "d": 2048, "hidden": 8192, "tied": True}
    with torch.device("meta"):
        module, reference = program["llama"](**sizes).compile(), TIED.full()
    state = {k: v for k, v in reference.state_dict().items() if k != "lm_head.weight"}
    catnet.weights.load(module, state, map="hf-llama-tied", assign=True)
    assert sum(p.numel() for p in module.parameters()) == 1_235_814_400


def test_llama_is_checked_and_has_the_published_size() -> None:
    checked(CASE)


@pytest.mark.slow
def test_llama_has_a_place_for_every_published_tensor() -> None:
    fills(CASE)
