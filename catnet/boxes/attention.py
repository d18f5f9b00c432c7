"""Attention as one box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import on_axis
from catnet.boxes.axes import ONE, ZERO, has_pack, is_open, is_unknown, trailing
from catnet.boxes.mask import band
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered, touches, unfit
from catnet.diagrams.box import Box, Effect, MapKind, Site, box, elements
from catnet.diagrams.shards import Answer, Cut, together
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import Inference, reject
from catnet.types.wires import Axis, Object, Pack, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.reps import Rep

_GROUPED = "R[...s, h, t, c] @ R[...s, g, u, c] @ R[...s, g, u, e] -> R[...s, h, t, e]"


@box("sdpa", "attention")
class ScaledDotProductAttention(Box):
    """`softmax(q k^T * scale) v`, the scaled dot-product attention of Vaswani et al. (2017).

    R[...s, t, c] @ R[...s, u, c] @ R[...s, u, e] -> R[...s, t, e] for queries, keys and values. `scale` is
    1/sqrt(c) where it is left at 0. With `causal`, query i sees keys 0..i; with `window = n` it sees only the
    last n of them, i-n+1..i (Beltagy et al., 2020). With `dropout`, each weight of a value is in training set to
    0 with this probability, else divided by what is left of 1; the effect is then `random`.

    A fourth wire is a mask, Bool[t, u] (true: may be seen), or a bias R[t, u] that is added to the scores; it
    may have some of the axes before t too, and 1 in the place of any size. Where the axis before t has h
    entries and that before u has g, with h % g == 0, each key head serves h/g query heads in turn (grouped
    queries, Ainslie et al., 2023): R[h, t, c] @ R[g, u, c] @ R[g, u, e] -> R[h, t, e].

    Counted are both matrix products. `arity` is 3 beside others in `@`.
    """

    causal: bool = False
    scale: float = 0.0
    window: Dim = ZERO
    dropout: float = 0.0
    arity = 3
    signature: ClassVar[str] = "R[...s, t, c] @ R[...s, u, c] @ R[...s, u, e] -> R[...s, t, e]"
    map_kind: ClassVar[MapKind] = "smooth"

    @property
    def effect(self) -> Effect:  # type: ignore[override]
        """Pure, but for dropout."""
        return "random" if self.dropout else "pure"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.dropout, float) and not 0.0 <= self.dropout < 1.0:
            detail = f"`dropout` of `sdpa` is a probability below 1, not {self.dropout}"
            raise reject(detail, help="write sdpa(dropout = 0.1)")
        if len(inputs) not in (3, 4):
            raise reject(
                f"`sdpa` takes queries, keys, values and perhaps a mask, but {len(inputs)} "
                f"wire{'s' * (len(inputs) != 1)} come{'s' * (len(inputs) == 1)}",
                help="write q @ k @ v >> sdpa",
                code="E0204",
            )
        typing.inference.demand(Pred(">=", self.window, ZERO), "`sdpa` needs window >= 0")
        wires = typing.inference.wires(inputs)
        grouped = _is_grouped(typing.inference, wires)
        signature, _ = self.type_rule(_GROUPED if grouped else "")
        outputs, binding = typing.inference.apply(signature, inputs[:3])
        if grouped:
            h, g = (typing.inference.dim(binding.dims[name]) for name in "hg")
            typing.inference.demand(
                Pred.divides(h, g), f"`sdpa` needs query heads in equal groups for the keys, {h} % {g} == 0"
            )
        if len(inputs) == 4:
            _fit_mask(typing.inference, typing.inference.wires(inputs))
        return outputs

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        keys = trailing(inputs[1])[-2].size
        return (elements(inputs[0]) + elements(outputs[0])) * keys * 2

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Scores are invariant products of queries and keys; the softmax and the sum run over permuted keys; the
        output is a combination of values, so that any representation on their entries passes."""
        return (_Symmetry(self, acting).output(),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        joined = together(self.name, cut[:3])
        if isinstance(joined, str) or joined[0] is None:
            return joined if isinstance(joined, str) else f"the mask of `{self.name}` is cut and the queries are whole"
        at = joined[0]
        if at >= -2:
            what = "takes products over" if at == -1 else "sums over the keys along"
            return f"`{self.name}` {what} the axis that is cut"
        if len(cut) == 4 and cut[3] != at and (cut[3] is not None or not _absent(inputs[3], at)):
            return f"the mask of `{self.name}` has the axis that is cut, and is whole"
        return joined

    def code(self, site: Site) -> str:
        site.need("F")
        args = _alike(site)
        mask = _mask(site, args)
        shape = f"{args[0]}.shape[-2], {args[1]}.shape[-2]"
        options = ""
        if self.window != ZERO:
            options = _combined(site, mask, band(shape, args[0], site.size(self.window)), "window")
        elif self.causal and mask:
            options = _combined(site, mask, band(shape, args[0]), "causal")
        elif self.causal:
            options = ", is_causal=True"
        elif mask:
            options = f", attn_mask={mask}"
        scale = f", scale={self.scale!r}" if self.scale else ""
        scale += f", dropout_p={self.dropout!r} if self.training else 0.0" if self.dropout else ""
        grouped = ", enable_gqa=True" if _different_heads(site.inputs) else ""
        return f"F.scaled_dot_product_attention({', '.join(args[:3])}{options}{scale}{grouped})"


def _absent(mask: Wire, at: int) -> bool:
    """Whether a mask has no axis in a place, or one of size 1."""
    axes = trailing(mask)
    return not has_pack(mask) and (len(axes) < -at or axes[at].size == ONE)


def _different_heads(wires: Object) -> bool:
    """Whether queries and keys have axes of different sizes before those of the positions."""
    q, k = trailing(wires[0]), trailing(wires[1])
    return len(q) >= 3 and len(k) >= 3 and q[-3].size != k[-3].size


def _is_grouped(inference: Inference, wires: Object) -> bool:
    if not _different_heads(wires):
        return False
    h, g = trailing(wires[0])[-3].size, trailing(wires[1])[-3].size
    if any(name.startswith("?") for name in h.symbols | g.symbols):
        return False
    return not inference.facts.equal(h, g) and not inference.facts.holds(Pred(">", g, h))


def _fit_mask(inference: Inference, wires: Object) -> None:
    """Ask that the fourth wire broadcast to the scores R[...s, t, u]."""
    q, k, mask = wires[0], wires[1], wires[3]
    if is_unknown(mask) or is_open(mask):
        return
    if mask.kind.name not in ("Bool", "R") and not mask.kind.variable:
        raise reject(
            f"the mask of `sdpa` is Bool (what may be seen) or R (what is added to the scores), not `{mask}`",
            port=3,
            code="E0205",
        )
    scores = (*q.axes[:-1], trailing(k)[-2])
    axes = mask.axes
    if not 2 <= len(axes) <= len(scores) and not is_open(q):
        raise reject(
            f"the mask of `sdpa` must fit `{Wire(mask.kind, scores)}`, and `{mask}` has {len(axes)} "
            f"ax{'i' if len(axes) == 1 else 'e'}s",
            help="it may leave out axes in front, but not those of the queries and keys",
            port=3,
            code="E0203",
        )
    for got, wanted in zip(reversed(axes), reversed(scores), strict=False):
        _fit_axis(inference, got, wanted, mask, Wire(mask.kind, scores))


def _fit_axis(inference: Inference, got: Axis | Pack, wanted: Axis | Pack, mask: Wire, scores: Wire) -> None:
    if isinstance(got, Pack) or isinstance(wanted, Pack):
        fits = got == wanted
    else:
        fits = got.size == ONE or bool(inference.equal(got.size, wanted.size))
    if not fits:
        raise reject(
            f"the mask of `sdpa` must fit `{scores}`, and it is `{mask}`: `{got}` is neither 1 nor `{wanted}`",
            port=3,
            code="E0203",
        )


def _alike(site: Site) -> list[str]:
    """The arguments, with the batch axes of the others where queries, keys or values have none."""
    args = list(site.args)
    flags = site.batched or [True] * len(args)
    if any(flags) and not all(flags[:3]):
        at = flags.index(True)
        model = site.inputs[at]
        if has_pack(model):
            return args
        batch = f"{args[at]}.shape[:-{len(model.axes)}]"
        args[:3] = [a if f else f"{a}.expand({batch} + {a}.shape)" for a, f in zip(args[:3], flags[:3], strict=True)]
    return args


def _mask(site: Site, args: Sequence[str]) -> str:
    """The mask with an axis of size 1 for each axis of the queries that it lacks, if it has batch axes."""
    if len(args) < 4:
        return ""
    missing = len(site.inputs[0].axes) - len(site.inputs[3].axes)
    if missing == 0 or not (site.batched and site.batched[3]):
        return args[3]
    if has_pack(site.inputs[0]):
        raise reject(
            "how the mask of `sdpa` meets queries with an open number of axes is not known",
            help="name all axes of the queries in the signature",
        )
    return args[3] + f".unsqueeze({-len(site.inputs[3].axes) - 1})" * missing


def _combined(site: Site, mask: str, seen: str, what: str) -> str:
    """The option for a mask together with a causal band."""
    if not mask:
        return f", attn_mask={seen}"
    if site.inputs[3].kind.name == "Bool":
        return f", attn_mask={mask} & {seen}"
    return f", attn_mask={mask}.masked_fill(~{seen}, float('-inf'))"


class _Symmetry:
    """What a group may do to queries, keys, values and mask, and then does to the output."""

    def __init__(self, box: ScaledDotProductAttention, acting: Acting) -> None:
        self.box = box
        self.acting = acting
        self.reps: dict[tuple[int, int], Rep | None] = {}
        for port in range(3):
            for axis in (-2, -1):
                self.reps[port, axis], _ = on_axis("sdpa", acting, axis, port)

    def output(self) -> Action:
        """The action on the output; refuses where there is none."""
        self._scores()
        self._keys()
        lead = self._lead()
        queries, keys = self._tokens(0, -2), self._tokens(1, -1)
        if len(self.acting.actions) == 4:
            self._mask((*lead, *queries, *keys))
        values = [Part((-1,), self.reps[2, -1])] if self.reps[2, -1] else []
        if self.box.dropout:
            self.acting.remark("`sdpa` drops weights one by one: its output is equivariant in distribution only")
        return ordered((*lead, *queries, *values))

    def _tokens(self, port: int, axis: int) -> Action:
        """What acts on the tokens of a wire, on an axis of the scores."""
        rep = self.reps[port, -2]
        return () if rep is None else (Part((axis,), rep),)

    def _scores(self) -> None:
        """What acts on the entries of queries and keys must leave their products alone."""
        from catnet.symmetry.reps_nodes import dual

        q, k = self.reps[0, -1], self.reps[1, -1]
        if q is None and k is None:
            return
        if q is None or k is None:
            where, port, found = ("queries", 0, q) if k is None else ("keys", 1, k)
            reason = f"`{found}` acts on the entries of the {where} of `sdpa` alone"
            raise Refusal(reason, "scores are invariant only if it acts on queries and keys", port)
        if k != dual(q):
            remedy = "keys must carry the dual of what queries carry: `linear(dual(V))`"
            raise Refusal(f"the products of `{q}` and `{k}` in the scores of `sdpa` are not invariant", remedy, 1)

    def _keys(self) -> None:
        """The tokens: queries are permuted, and keys and values alike."""
        order = "a causal mask" if self.box.causal else "a window" if self.box.window != ZERO else ""
        for port in range(3):
            rep = self.reps[port, -2]
            if rep is None:
                continue
            if not rep.kind.within(Kind.PERMUTATION):
                raise Refusal(f"`sdpa` compares tokens one by one, and `{rep}` mixes them", "permutations pass", port)
            if order:
                what = f"{order} of `sdpa` keeps nothing of `{self.acting.group}` on the tokens"
                raise Refusal(what, "leave it out: every token sees every other", port)
        if self.reps[1, -2] != self.reps[2, -2]:
            raise Refusal("keys and values of `sdpa` are not permuted alike", "take both from the same tokens", 2)

    def _lead(self) -> Action:
        """The axes in front, such as heads, are permuted alike in all wires."""
        actions = [tuple(p for p in action if max(p.axes) < -2) for action in self.acting.actions]
        for port, action in enumerate(actions[:3]):
            if action != actions[0]:
                raise Refusal("`sdpa` joins queries, keys and values on which other things act", port=port)
        for part in actions[0]:
            if not part.rep.kind.within(Kind.PERMUTATION):
                raise unfit("sdpa", part.rep)
            if _different_heads(self.acting.inputs):
                raise Refusal("`sdpa` shares each key head between query heads, which ties their order",
                              "give queries and keys the same heads")  # fmt: skip
        return actions[0]

    def _mask(self, scores: Action) -> None:
        """The mask is acted on just as the scores are, or is the same along the axis."""
        action = self.acting.actions[3]
        for part in (*scores, *action):
            absent = all(_absent(self.acting.inputs[3], at) for at in part.axes)
            flat = set(part.axes) <= self.acting.flat(3) and not any(touches(action, at) for at in part.axes)
            if part not in scores or not (part in action or absent or flat):
                raise Refusal(
                    f"the mask of `sdpa` is not acted on by `{self.acting.group}` as the scores are",
                    "make it from wires on which the group acts, or leave it out",
                    3,
                )
