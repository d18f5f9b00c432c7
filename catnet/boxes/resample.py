"""Images of another resolution: interpolation, and channels exchanged for pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import ONE, ZERO, known_axes, one_of, options, per_axis
from catnet.boxes.convolution import image
from catnet.boxes.grids import Along, Rule, on_grid
from catnet.boxes.shuffling import shuffled, unshuffled
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.wires import Axis, Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

MODES = {"nearest": (1, 2, 3), "linear": (1,), "bilinear": (2,), "bicubic": (2,), "trilinear": (3,)}
TAPS = {"nearest": 0, "linear": 2, "bilinear": 4, "bicubic": 16, "trilinear": 8}


class Resample(Box):
    """Interpolation between the entries of an image, along every axis after the first."""

    mode: str
    align_corners: bool
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = image(typing, self.name, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, axes = found
        self._check_mode(len(axes) - 1)
        spatial = self.sizes(typing, [a.size for a in axes[1:]])
        return (wire.with_axes((axes[0], *map(Axis, spatial))),)

    def sizes(self, typing: Typing, sizes: list[Dim]) -> Sequence[Dim]:
        """The sizes of the spatial axes of the output, for those of the input."""
        raise NotImplementedError  # each of the two says its own

    def _check_mode(self, count: int) -> None:
        one_of(self.name, "mode", self.mode, tuple(MODES))
        if self.align_corners is True and self.mode == "nearest":
            raise reject(f'`align_corners` of `{self.name}` is for other modes than "nearest"', help="leave it out")
        if not isinstance(self.mode, str) or count in MODES[self.mode]:
            return
        fitting = [mode for mode, counts in MODES.items() if count in counts and mode != "nearest"]
        raise reject(
            f'the mode "{self.mode}" of `{self.name}` is for {MODES[self.mode][0]} spatial axes, here are {count}',
            help=f'write mode = "{fitting[0]}"',
        )

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if acting.trivial:
            return super().act(acting)
        axes = zip(known_axes("", acting.inputs[0])[1:], known_axes("", acting.outputs[0])[1:], strict=True)
        along = tuple(self._along(acting, a.size, b.size) for a, b in axes)
        alike = all(acting.facts.equal(a.out, along[0].out) for a in along)
        return (on_grid(Rule(self.name, along, alike, passes=self.passes), acting),)

    def _along(self, acting: Acting, size: Dim, out: Dim) -> Along:
        """Repeating and averaging cells is the same from both ends; taking the first of several is not."""
        from catnet.symmetry.turns import ratio

        up, down = ratio(out, size, acting.facts), ratio(size, out, acting.facts)
        if self.mode == "nearest":
            if up is not None:
                return Along(size, out, up=up, still=up == ONE)
            words = "takes the first of several cells"
            if down is not None:
                return Along(size, out, down=down, uneven=words)
            return Along(size, out, uneven=words, lost="repeats some cells more often than others")
        if self.align_corners or up is None:
            first = self.align_corners and up != ONE and not acting.facts.holds(Pred(">=", out, ONE + 1))
            uneven = "gives the first cell where it gives one" if first else ""
            return Along(size, out, uneven=uneven, lost="interpolates between cells that are no equal parts of its own")
        further = up if self.mode == "bicubic" else ZERO
        border = up // 2 + further if up != ONE else ZERO
        return Along(size, out, up=up, border=border, sees="the border repeated", still=up == ONE)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * TAPS[self.mode] * 2

    def interpolated(self, site: Site, target: str) -> str:
        """`F.interpolate`, which wants one batch axis, for any number of them."""
        site.need("F")
        front = -1 - len(known_axes(self.name, site.inputs[0]))  # one more axis in front of the channels
        value = site.args[0]
        given = options(mode=(self.mode, "nearest"), align_corners=(self.align_corners, False))
        if site.batched == [False]:
            return f"F.interpolate({value}[None], {target}{given})[0]"
        flat = f"{value}.unsqueeze({front}).flatten(0, {front})"
        return (
            f"F.interpolate({flat}, {target}{given}).unflatten(0, (*{value}.shape[:{front + 1}], 1)).squeeze({front})"
        )


@box("upsample", "convolution")
class Upsample(Resample):
    """Every axis after the first `factor` times as long (`torch.nn.Upsample`):
    R[c, h, w] -> R[c, factor*h, factor*w], for one to three spatial axes.

    `mode` is "nearest", which repeats each entry, or says how to interpolate: "linear" for one spatial axis,
    "bilinear" or "bicubic" for two, "trilinear" for three. Entries stand for the middles of equal cells, or,
    with `align_corners`, for points of which the outermost stay where they are. `factor` is one number or a
    tuple. Counted are a multiplication and an addition for each entry that is looked at.
    """

    factor: tuple[Dim, ...]
    mode: str = "nearest"
    align_corners: bool = False

    def sizes(self, typing: Typing, sizes: list[Dim]) -> Sequence[Dim]:
        factors = per_axis(self.name, "factor", self.factor, len(sizes))
        for f in dict.fromkeys(factors):
            typing.inference.demand(Pred(">=", f, ONE), f"`upsample` needs {f} >= 1")
        return [n * f for n, f in zip(sizes, factors, strict=True)]

    def code(self, site: Site) -> str:
        count = len(site.inputs[0].axes) - 1
        factors = [site.static(f) for f in per_axis(self.name, "factor", self.factor, count)]
        if self.mode != "nearest":
            whole = factors[0] if len(set(factors)) == 1 else tuple(factors)
            return self.interpolated(site, f"scale_factor={whole}")
        steps = [(f, i - count) for i, f in enumerate(factors)]
        return site.args[0] + "".join(f".repeat_interleave({f}, {at})" for f, at in steps if f != 1)


@box("resize", "convolution")
class Resize(Resample):
    """Every axis after the first of a given size (`torch.nn.functional.interpolate`), larger or smaller:
    R[c, h, w] -> R[c, size, size], for one to three spatial axes.

    `size` is one number or a tuple; `mode` and `align_corners` are as for `upsample`. With "nearest", entry i
    of an axis that had n entries is the old entry i*n//size. Nothing is averaged: to shrink an image without
    aliasing, `adaptive_avg_pool`.
    """

    size: tuple[Dim, ...]
    mode: str = "nearest"
    align_corners: bool = False

    def sizes(self, typing: Typing, sizes: list[Dim]) -> Sequence[Dim]:
        wanted = per_axis(self.name, "size", self.size, len(sizes))
        for n in dict.fromkeys(wanted):
            typing.inference.demand(Pred(">=", n, ONE), f"`resize` needs {n} >= 1")
        return wanted

    def code(self, site: Site) -> str:
        count = len(site.inputs[0].axes) - 1
        wanted = [site.size(n) for n in per_axis(self.name, "size", self.size, count)]
        return self.interpolated(site, f"size=({', '.join(wanted)}{',' * (count == 1)})")


@box("pixel_shuffle", "convolution")
class PixelShuffle(Box):
    """Channels become pixels: entry (c*factor + i)*factor + j of the channels goes to row i and column j of a
    square of `factor` by `factor` pixels of channel c (Shi et al., 2016; `torch.nn.PixelShuffle`).

    R[...s, c, h, w] -> R[...s, c//factor^2, factor*h, factor*w]. An isomorphism.
    """

    factor: Dim
    signature: ClassVar[str] = "R[...s, c, h, w] -> R[...s, c//factor^2, factor*h, factor*w]"
    where: ClassVar[tuple[str, ...]] = ("factor >= 1", "c % factor^2 == 0")
    map_kind: ClassVar[MapKind] = "linear"

    def inverse(self, inputs: Object) -> Box | None:
        return PixelUnshuffle(self.factor)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return super().act(acting) if acting.trivial else (shuffled(self.name, acting, self.factor),)

    def code(self, site: Site) -> str:
        site.need("F")
        return f"F.pixel_shuffle({site.args[0]}, {site.static(self.factor)})"


@box("pixel_unshuffle", "convolution")
class PixelUnshuffle(Box):
    """Squares of `factor` by `factor` pixels become channels, the inverse of `pixel_shuffle`
    (`torch.nn.PixelUnshuffle`).

    R[...s, c, h, w] -> R[...s, c*factor^2, h//factor, w//factor]. An isomorphism.
    """

    factor: Dim
    signature: ClassVar[str] = "R[...s, c, h, w] -> R[...s, c*factor^2, h//factor, w//factor]"
    where: ClassVar[tuple[str, ...]] = ("factor >= 1", "h % factor == 0", "w % factor == 0")
    map_kind: ClassVar[MapKind] = "linear"

    def inverse(self, inputs: Object) -> Box | None:
        return PixelShuffle(self.factor)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return super().act(acting) if acting.trivial else (unshuffled(self.name, acting, self.factor),)

    def code(self, site: Site) -> str:
        site.need("F")
        return f"F.pixel_unshuffle({site.args[0]}, {site.static(self.factor)})"
