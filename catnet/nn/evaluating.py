"""Modules that are made for inference alone.

>>> Evaluation().training
False
>>> Evaluation().train()
Traceback (most recent call last):
    ...
RuntimeError: Evaluation was optimised for inference: train the literal module and load its state dict here
"""

from torch import nn


class Evaluation(nn.Module):
    """A module whose weights were rewritten for inference: it evaluates, and refuses to be trained."""

    def __init__(self) -> None:
        super().__init__()
        self.training = False

    def train(self, mode: bool = True) -> "Evaluation":
        """Nothing but evaluation; raises `RuntimeError` where training is asked for."""
        if mode:
            name = type(self).__name__
            words = f"{name} was optimised for inference: train the literal module and load its state dict here"
            raise RuntimeError(words)
        super().train(False)
        return self
