"""Fresh weights of a rewritten module: those that fresh layers of the literal module would have given it.

>>> from catnet.nn.premultiplying import premultiply
>>> class Product(nn.Module):
...     def __init__(self):
...         super().__init__()
...         self.first = nn.Linear(3, 2, device="meta")
...         take_weights(self, first=nn.Linear(3, 8), second=nn.Linear(8, 2))
...
...     def _load_from_state_dict(self, state, prefix, *rest):
...         premultiply(state, prefix, "first", "second")
...         super()._load_from_state_dict(state, prefix, *rest)
>>> Product().first.weight.shape
torch.Size([2, 3])
"""

from __future__ import annotations

from torch import nn


def take_weights(module: nn.Module, /, **layers: nn.Module) -> None:
    """Give a rewritten module the weights of literal layers, which stand by their names in the literal module."""
    state = {f"{name}.{key}": value for name, layer in layers.items() for key, value in layer.state_dict().items()}
    module.load_state_dict(state, strict=False, assign=True)
