"""The maps that are shipped, by name. Their left sides are the keys of the published checkpoints."""

from __future__ import annotations

from catnet.weights.table import Map, Rule

SAME = Rule("{key*}", "{key*}")
"""The last rule of most maps: every other key is ours already."""

_MAPS = (
    # examples/models/gpt2.cat from `transformers`' GPT2LMHeadModel or GPT2Model: its linear maps are stored as
    # (inputs, outputs), its causal masks as buffers.
    Map(
        "hf-gpt2",
        rules=(
            Rule("h.{i}.attn.c_attn.weight", "h.{i}.attn.c_attn.weight", flip=True),
            Rule("h.{i}.attn.c_proj.weight", "h.{i}.attn.c_proj.weight", flip=True),
            Rule("h.{i}.mlp.c_fc.weight", "h.{i}.mlp.c_fc.weight", flip=True),
            Rule("h.{i}.mlp.c_proj.weight", "h.{i}.mlp.c_proj.weight", flip=True),
            SAME,
        ),
        ignore=("h.{i}.attn.bias", "h.{i}.attn.masked_bias"),
        tied={"lm_head.weight": "wte.weight"},
        strip="transformer.",
    ),
)

MAPS = {made.name: made for made in _MAPS}
