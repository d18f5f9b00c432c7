"""GPT-2 against `transformers`' own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import catnet
import catnet.weights
from tests.models.parity import Case, agrees, checked, fills
from tests.models.references import transformers


def build(gelu: str = "gelu_pytorch_tanh") -> nn.Module:
    """The reference; `gelu_new` is the same function, written out in several operations."""
    hf = transformers()
    sizes = {"n_layer": 3, "n_head": 2, "n_embd": 32, "vocab_size": 61, "n_positions": 16}
    config = hf.GPT2Config(**sizes, activation_function=gelu, bos_token_id=0, eos_token_id=0)
    model: nn.Module = hf.GPT2LMHeadModel(config)
    return model


CASE = Case(
    net="gpt2",
    sizes={"layers": 3, "heads": 2, "d": 32, "vocab": 61, "context": 16},
    build=build,
    inputs=(2, 11),
    vocab=61,
    map="hf-gpt2",
    call=lambda module, x: module(x).logits,
    published=124_439_808,
    full=lambda: transformers().GPT2LMHeadModel(transformers().GPT2Config()),
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_gpt2_is_the_reference(dtype: torch.dtype, train: bool) -> None:
    agrees(CASE, dtype, train)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_with_the_published_way_to_write_gelu_it_is_close(dtype: torch.dtype) -> None:
    agrees(dataclasses.replace(CASE, build=lambda: build("gelu_new"), exact=False), dtype, True)


@pytest.mark.parametrize("prefix", ["", "transformer."])
def test_published_files_have_no_prefix_no_head_and_masks_as_buffers(prefix: str, tmp_path: Path) -> None:
    reference = build()
    state = {k.replace("transformer.", prefix): v for k, v in reference.state_dict().items() if k != "lm_head.weight"}
    state[f"{prefix}h.0.attn.bias"] = torch.ones(1, 1, 16, 16).tril()
    save_file(state, tmp_path / "gpt2.safetensors")
    module = catnet.compile(CASE.path, "gpt2", **CASE.sizes).eval()
    catnet.weights.load(module, tmp_path / "gpt2.safetensors", map="hf-gpt2")
    x = torch.randint(61, (2, 16))
    torch.testing.assert_close(module(x), reference.eval()(x).logits)


def test_gpt2_is_checked_and_has_the_published_size() -> None:
    checked(CASE)


@pytest.mark.slow
def test_gpt2_has_a_place_for_every_published_tensor() -> None:
    fills(CASE)
