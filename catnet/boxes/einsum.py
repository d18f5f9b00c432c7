"""Sums of products by the names of axes, and einops' `reduce` and `repeat`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import contracted
from catnet.boxes.axes import has_pack, opened, product, real_wire, trailing
from catnet.boxes.pattern import move
from catnet.boxes.patterned import Patterned, joined
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.shards import Answer, Cut
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Verdict
from catnet.types.infer import Inference, reject
from catnet.types.wires import REAL, Axis, AxisLike, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

Term = tuple[str, ...]
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@lru_cache(maxsize=1024)
def read_terms(text: str) -> tuple[tuple[Term, ...], Term]:
    """The names of each input's axes and of the output's; raises `TypeProblem` (E0224)."""
    left, arrow, right = text.partition("->")
    if not arrow or "->" in right:
        raise _bad(text, "it needs exactly one `->`")
    terms = tuple(tuple(side.split()) for side in left.split(","))
    result = tuple(right.split())
    for name in (n for term in (*terms, result) for n in term):
        if not name.isidentifier():
            raise _bad(text, f"`{name}` is not a name")
    if len(set(result)) < len(result):
        raise _bad(text, "a name stands twice on the right")
    new = [n for n in result if not any(n in term for term in terms)]
    if new:
        raise _bad(text, f"`{new[0]}` stands only on the right")
    if len({n for term in terms for n in term}) > len(_LETTERS):
        raise _bad(text, f"it has more than {len(_LETTERS)} names")
    return terms, result


def _bad(text: str, why: str) -> Exception:
    help = 'a pattern: einsum("b i d, b j d -> b i j"); further leading axes need no name'
    return reject(f'the pattern "{text}" cannot be read: {why}', help=help)


@box("einsum", "linear")
class Einsum(Box):
    """The sum of products over the axes that the right side leaves out: `einsum("i d, j d -> i j")` is
    R[...s, i, d] @ R[...s, j, d] -> R[...s, i, j].

    Names, with blanks between them, stand for the trailing axes of each wire; equal names, equal sizes. Further
    leading axes stay in front, and a wire may have none of them (a weight). A multiply-add counts as two
    operations, wires being joined from left to right (`torch.einsum`).
    """

    pattern: str
    arity = None
    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        inference = typing.inference
        if not isinstance(self.pattern, str):
            return (inference.fresh_wire(),)
        terms, result = read_terms(self.pattern)
        if len(terms) != len(inputs):
            raise reject(
                f'"{self.pattern}" takes {len(terms)} wire{"s" * (len(terms) != 1)}, and {len(inputs)} '
                f"come{'s' * (len(inputs) == 1)}",
                code="E0204",
            )
        sizes: dict[str, Axis] = {}
        front: tuple[AxisLike, ...] = ()
        for port, (term, wire) in enumerate(zip(terms, inputs, strict=True)):
            wire = opened(inference, real_wire(typing, wire, port), len(term))
            axes = self._named(term, wire, port)
            for name, axis in zip(term, axes, strict=True):
                self._same(inference, name, axis, sizes.setdefault(name, axis), port)
            rest = wire.axes[: len(wire.axes) - len(term)]
            if rest and front:
                inference.unify(Wire(REAL, rest), Wire(REAL, front), port)
            front = front or rest
        return (inference.wire(Wire(REAL, (*front, *(sizes[n] for n in result)))),)

    def _named(self, term: Term, wire: Wire, port: int) -> tuple[Axis, ...]:
        axes = trailing(wire)
        if len(axes) < len(term):
            named = f"{len(term)} ax{'i' if len(term) == 1 else 'e'}s"
            raise reject(
                f'the pattern "{self.pattern}" names {named} of wire {port + 1}, `{wire}` has {len(axes)}',
                help="the names stand for the last axes of the wire, in order",
                port=port,
            )
        return axes[len(axes) - len(term) :]

    def _same(self, inference: Inference, name: str, got: Axis, known: Axis, port: int) -> None:
        verdict = inference.equal(got.size, known.size)
        if verdict is True or verdict:
            return
        no = isinstance(verdict, Verdict) and verdict.kind == "no"
        a, b = inference.dim(known.size), inference.dim(got.size)
        raise reject(
            f"`{name}` has size {a}, but an axis of that name has size {b}" if no else
            f"`{name}` has size {a}, and that the axis of wire {port + 1} has this size, `{b} == {a}`, is not known",
            help="" if no else f"if it always holds, say so: where {b} == {a}",
            code="E0203" if no else "E0206",
            port=port,
        )  # fmt: skip

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        terms, result = read_terms(self.pattern)
        sizes = {
            n: a.size
            for term, wire in zip(terms, inputs, strict=True)
            for n, a in zip(term, self._named(term, wire, 0), strict=True)
        }
        front = elements(Wire(REAL, outputs[0].axes[: len(outputs[0].axes) - len(result)]))
        if len(terms) == 1:
            return product([sizes[n] for n in terms[0]]) * front if set(terms[0]) - set(result) else Dim.const(0)
        total, have = Dim.const(0), set(terms[0])
        for at, term in enumerate(terms[1:], start=1):
            names, later = have | set(term), {n for t in terms[at + 1 :] for n in t} | set(result)
            alone = (have ^ set(term)) - later  # is summed before the wires meet
            work = product([sizes[n] for n in sorted(names - alone)])
            have = names & later
            total = total + (work * 2 if names - alone - later else work)
        return total * front

    def code(self, site: Site) -> str:
        terms, result = read_terms(self.pattern)
        letters = _letters(dict.fromkeys(n for term in terms for n in term))
        rest = len(site.outputs[0].axes) - len(result)
        dots = "..." if rest or any(site.batched or [True]) else ""
        spelled = [dots + "".join(letters[n] for n in term) for term in terms]
        text = f"{','.join(spelled)}->{dots}{''.join(letters[n] for n in result)}"
        flags = site.batched or [True] * len(terms)
        args = [
            a + (self._gap(w, len(t), site.outputs[0], rest) if f else "")
            for a, w, t, f in zip(site.args, site.inputs, terms, flags, strict=True)
        ]
        return f'torch.einsum("{text}", {", ".join(args)})'

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (contracted(self.name, acting, *read_terms(self.pattern)),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        terms, result = read_terms(self.pattern)
        cuts = {(term[at] if -at <= len(term) else at) for term, at in zip(terms, cut, strict=True) if at is not None}
        if len(cuts) > 1:
            return f"`{self.name}` takes wires that are cut along different axes"
        (name,) = cuts
        if name not in result:
            return f"`{self.name}` does not keep the axis that is cut by name"
        if any((name in term) != (at is not None) for term, at in zip(terms, cut, strict=True)):
            return f"`{self.name}` takes a wire that is cut with one that is whole"
        if any(term.count(name) > 1 for term in terms):
            return f"`{self.name}` takes the diagonal of the axis that is cut"
        return (result.index(name) - len(result),)

    def _gap(self, wire: Wire, named: int, output: Wire, rest: int) -> str:
        """Axes of size 1 between the batch axes of a wire and its names, for the leading axes of the others."""
        missing = rest - (len(wire.axes) - named)
        if missing and has_pack(output):
            raise reject(
                "how wires with and without an open number of axes meet is not known here",
                help="name all axes in the signature",
            )
        return f".unsqueeze({-named - 1})" * missing


def _letters(names: Sequence[str] | dict[str, None]) -> dict[str, str]:
    """One letter for each name: its own, if it is one."""
    letters = {n: n for n in names if n in _LETTERS and len(n) == 1}
    for name in names:
        if name not in letters:
            taken = set(letters.values())
            letters[name] = next(c for c in name.lower() + _LETTERS if c in _LETTERS and c not in taken)
    return letters


_METHODS = {"mean": "mean", "sum": "sum", "max": "amax", "min": "amin"}


@box("reduce", "reduce")
class Reduce(Patterned):
    """Take axes apart by a pattern and put one number in the place of those that the right side leaves out, as
    in einops: `reduce("c (h i) (w j) -> c h w", "max", i = 2, j = 2)`, max-pooling.

    `op` is "mean", "sum", "max" or "min". Reads its pattern as `rearrange` does. One operation per entry counts.
    """

    pattern: str
    op: str
    sizes: tuple[tuple[str, Dim], ...] = ()
    map_kind: ClassVar[MapKind] = "piecewise linear"
    loses: ClassVar[bool] = True

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.op, str) and self.op not in _METHODS:
            listed = ", ".join(f'"{m}"' for m in _METHODS)
            raise reject(f'`op` of `reduce` is one of {listed}, not "{self.op}"', help='write reduce(..., "mean")')
        outputs = super().rule(typing, inputs)
        return tuple(real_wire(typing, wire) for wire in outputs)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0])

    @property
    def passes(self) -> Kind:
        return Kind.GENERAL if self.op in ("sum", "mean") else Kind.POSITIVE_MONOMIAL

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return self.carried(inputs[0], cut)

    def code(self, site: Site) -> str:
        pattern, value, _ = self.taken_apart(site)
        lost = [i - len(pattern.names) for i, n in enumerate(pattern.names) if n not in pattern.order]
        kept = [n for n in pattern.names if n in pattern.order]
        over = str(lost[0]) if len(lost) == 1 else f"({', '.join(map(str, lost))})"
        return move(f"{value}.{_METHODS[self.op]}({over})", kept, pattern.order) + joined(pattern)


@box("repeat", "shape")
class Repeat(Patterned):
    """Copy entries along new axes by a pattern, as in einops: `repeat("h t c -> (h r) t c", r = 4)`.

    The sizes of names that stand only on the right are given by name. Reads its pattern as `rearrange` does.
    """

    pattern: str
    sizes: tuple[tuple[str, Dim], ...] = ()
    map_kind: ClassVar[MapKind] = "linear"
    gains: ClassVar[bool] = True

    def flat(self, inputs: Object, outputs: Object) -> frozenset[int]:
        pattern = self._fitted(inputs[0])
        right = [(group[0], i - len(pattern.right)) for i, group in enumerate(pattern.right) if len(group) == 1]
        return frozenset(place for name, place in right if name not in pattern.names)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return self.carried(inputs[0], cut)

    def statements(self, site: Site) -> list[str]:
        """The old axes in their new order with gaps, then the new ones in the gaps."""
        pattern, value, sizes = self.taken_apart(site)
        order, result = pattern.order, site.results[0]
        value = move(value, pattern.names, [n for n in order if n in pattern.names])
        new = [i for i, n in enumerate(order) if n not in pattern.names]
        value += "".join(f".unsqueeze({i - len(order)})" for i in reversed(new))
        shape = ", ".join("-1" if i not in new else site.size(sizes[n]) for i, n in enumerate(order))
        spread = f"{result}.expand(*{result}.shape[:-{len(order)}], {shape})"
        return [f"{result} = {value}", f"{result} = {spread}{joined(pattern)}"]
