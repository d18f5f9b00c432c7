"""Constants that are exact to float64 in every dtype, and weights that are assembled once for evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn

Dense = tuple[Tensor, Tensor | None]  # a weight and a bias


class Exact(nn.Module):
    """A module whose constant tensors are cast from float64 masters, once for each dtype.

    A constant is a non-persistent buffer: it moves with the module and is no part of the `state_dict`. `.double()`
    and `.float()` cast the master again, so no precision is lost on the way through a smaller dtype.

    >>> class Third(Exact):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.constant("third", torch.tensor(1 / 3, dtype=torch.float64))
    >>> Third().half().double().third.item() == 1 / 3
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self._masters: dict[str, Tensor] = {}

    def constant(self, name: str, master: Tensor) -> None:
        """Register a tensor as the constant `name` on PyTorch's default device; float64 is cast to the default dtype.

        Indices (int64) keep their dtype. Raises TypeError for others: their precision is lost already.
        """
        if master.dtype not in (torch.float64, torch.int64):
            raise TypeError(f"the master of a constant is float64, not {master.dtype}")
        self._masters[name] = master.detach().cpu()
        first = torch.empty(0)
        self.register_buffer(name, master.to(first if master.is_floating_point() else first.device), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        for name, master in self._masters.items():
            setattr(self, name, master.to(getattr(self, name)))
        return self


class Assembled(Exact):
    """A module whose weight and bias are fixed linear functions of fewer free parameters.

    Subclasses write `assemble()`. `assembled()` keeps its result while nothing can make it wrong: in eval mode, where
    no gradient of a parameter is asked for, and as long as the parameters are unchanged. A change is seen by
    their version counters and addresses, on the CPU by their entries. On other devices a write through
    `parameter.data` is invisible to PyTorch's counters: call `.train()` and `.eval()` after one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[list[_Seen], Dense] | None = None

    def assemble(self) -> Dense:
        """The weight and the bias (or None) as differentiable functions of the parameters."""
        raise NotImplementedError

    def assembled(self) -> Dense:
        """The weight and the bias, assembled or kept from an earlier call."""
        if self.training or torch.compiler.is_compiling():
            return self.assemble()
        if self._kept is not None and all(seen.unchanged() for seen in self._kept[0]):
            return self._kept[1]
        held = [(module._parameters, name) for module in self.modules() for name in module._parameters]
        parameters = [(holder, name, p) for holder, name in held if (p := holder[name]) is not None]
        if not all(_can_be_watched(p) for *_, p in parameters):
            return self.assemble()
        device = parameters[0][2].device.type
        with torch.inference_mode(False), torch.no_grad(), torch.autocast(device, enabled=False):
            self._kept = [_Seen(*each) for each in parameters], self.assemble()
        return self._kept[1]

    def train(self, mode: bool = True) -> Self:
        """Set the mode, and forget the kept weight."""
        self._kept = None
        return super().train(mode)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self._kept = None
        return super()._apply(fn, recurse)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}


class _Seen:
    """What a parameter was when the weight was assembled; it holds the storage, so that no other takes its address."""

    def __init__(self, holder: dict[str, nn.Parameter | None], name: str, parameter: nn.Parameter) -> None:
        self.holder, self.name = holder, name
        self.tensor, self.address, self.version = parameter.detach(), parameter.data_ptr(), parameter._version
        self.entries = self.tensor.clone() if parameter.device.type == "cpu" else None

    def unchanged(self) -> bool:
        """Whether the parameter in the same place is the same still, and no gradient of it is asked for."""
        now = self.holder.get(self.name)
        if now is None or not _can_be_watched(now) or now.data_ptr() != self.address or now._version != self.version:
            return False
        return self.entries is None or torch.equal(self.entries, now)


def _can_be_watched(parameter: Tensor) -> bool:
    """Whether a parameter is an ordinary one of which no gradient is asked for; transforms hand over other types."""
    if type(parameter) is not nn.Parameter or parameter.is_inference() or parameter.device.type == "meta":
        return False
    return not (torch.is_grad_enabled() and parameter.requires_grad)
