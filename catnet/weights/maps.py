"""The maps that are shipped, by name. Their left sides are the keys of the published checkpoints."""

from __future__ import annotations

from catnet.weights.table import Map, Rule

SAME = Rule("{key*}", "{key*}")
"""The last rule of most maps: every other key is ours already."""

LLAMA = (Rule("model.embed_tokens.weight", "embed_tokens.weight"), SAME)
LLAMA_RATES = ("model.layers.{i}.self_attn.rotary_emb.inv_freq",)

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
    # examples/models/llama.cat from `transformers`' LlamaForCausalLM; old files keep the rates of the rotation. Models
    # with tied embeddings, as the small ones of Llama 3.2, are for `llama(tied = true)`; their files have no head.
    Map("hf-llama", rules=LLAMA, ignore=LLAMA_RATES),
    Map("hf-llama-tied", rules=LLAMA, ignore=LLAMA_RATES, tied={"lm_head.weight": "model.embed_tokens.weight"}),
    # examples/models/resnet18.cat and resnet50.cat from `timm`'s ResNet: a convolution and its
    # norm are one part of ours.
    Map(
        "timm-resnet",
        rules=(
            Rule("conv1.weight", "stem.conv.weight"),
            Rule("bn1.{p*}", "stem.norm.{p*}"),
            *(
                Rule(f"layer{{s}}.{{i}}.{theirs}.{{p*}}", f"layer{{s}}.{{i}}.{ours}.{{p*}}")
                for theirs, ours in (
                    ("conv1", "first.conv"),
                    ("bn1", "first.norm"),
                    ("conv2", "second.conv"),
                    ("bn2", "second.norm"),
                    ("conv3", "third.conv"),
                    ("bn3", "third.norm"),
                    ("downsample.0", "around.conv"),
                    ("downsample.1", "around.norm"),
                )
            ),
            Rule("fc.{p*}", "fc.{p*}"),
        ),
    ),
    # examples/models/vit.cat from `timm`'s VisionTransformer, whose two tables have a batch axis.
    Map(
        "timm-vit",
        rules=(
            Rule("cls_token", "cls_token", squeeze=1),
            Rule("pos_embed", "pos_embed", squeeze=1),
            SAME,
        ),
    ),
    # examples/models/mlp_mixer.cat from `timm`'s MlpMixer: the keys are ours.
    Map("timm-mixer", rules=(SAME,)),
    # examples/models/densenet121.cat from `timm`'s DenseNet, which counts its layers from 1.
    Map(
        "timm-densenet",
        rules=(
            Rule(
                "features.denseblock{b}.denselayer{i}.{p*}",
                "features.denseblock{b}.{i-1}.{p*}",
            ),
            SAME,
        ),
    ),
    # examples/models/lstm.cat and gru.cat from PyTorch's example of a language model, or any net with an `nn.LSTM` or
    # `nn.GRU` called `rnn`.
    Map("torch-lstm", rules=(Rule("rnn.{p*}", "rnn.lstm.{p*}"), SAME)),
    Map("torch-gru", rules=(Rule("rnn.{p*}", "rnn.gru.{p*}"), SAME)),
    # examples/models/deep_sets.cat from the authors' PyTorch code (PointClouds/classifier.py, with `max1` layers),
    # where activations and dropout are numbered too.
    Map(
        "deep-sets",
        rules=(
            Rule("phi.0.Gamma.{p*}", "phi.0.gamma.{p*}"),
            Rule("phi.2.Gamma.{p*}", "phi.1.gamma.{p*}"),
            Rule("phi.4.Gamma.{p*}", "phi.2.gamma.{p*}"),
            Rule("ro.1.{p*}", "hidden.{p*}"),
            Rule("ro.4.{p*}", "out.{p*}"),
        ),
    ),
)

MAPS = {made.name: made for made in _MAPS}
