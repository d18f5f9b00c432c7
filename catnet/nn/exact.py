"""Constants that are exact to float64 in every dtype, and weights that are assembled once for evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn


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
    """A module whose weight is a fixed linear function of fewer free parameters.

    Subclasses write `assemble()`. `assembled()` keeps its result while nothing can make it wrong: in eval mode, where
    no gradient of a parameter is asked for, and as long as the parameters are unchanged. A change is seen by
    their version counters and addresses, on the CPU by their entries. On other devices a write through
    `parameter.data` is invisible to PyTorch's counters: call `.train()` and `.eval()` after one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[list[_Seen], Tensor] | None = None

    def assemble(self) -> Tensor:
        """The weight as a differentiable function of the parameters."""
        raise NotImplementedError

    def assembled(self) -> Tensor:
        """The weight, assembled or kept from an earlier call."""
        if self.training or torch.compiler.is_compiling() or not all(map(_can_be_watched, self._free())):
            return self.assemble()
        if self._kept is None or not all(old.same(new) for old, new in zip(self._kept[0], self._free(), strict=True)):
            device = next(iter(self._free())).device.type
            with torch.inference_mode(False), torch.no_grad(), torch.autocast(device, enabled=False):
                self._kept = [_Seen(p) for p in self._free()], self.assemble()
        return self._kept[1]

    def _free(self) -> list[Tensor]:
        """The parameters that the weight is made from: all of this module's own but its bias."""
        return [p for name, p in self.named_parameters() if name != "bias"]

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

    def __init__(self, parameter: Tensor) -> None:
        self.tensor = parameter.detach()
        self.version = parameter._version
        self.entries = self.tensor.clone() if parameter.device.type == "cpu" else None

    def same(self, now: Tensor) -> bool:
        if self.tensor.data_ptr() != now.data_ptr() or self.version != now._version:
            return False
        return self.entries is None or torch.equal(self.entries, now)


def _can_be_watched(parameter: Tensor) -> bool:
    """Whether a parameter is an ordinary one of which no gradient is asked for (transforms hand over others)."""
    if not isinstance(parameter, nn.Parameter) or parameter.is_inference() or parameter.device.type == "meta":
        return False
    return not (torch.is_grad_enabled() and parameter.requires_grad)
