"""Inverses of terms: `f ^ -1` exists exactly where every part has one."""

from __future__ import annotations

from collections.abc import Iterator

from catnet.diagrams import terms
from catnet.diagrams.box import Box
from catnet.types.dims import Dim
from catnet.types.infer import reject


def inverse_of(term: terms.Diagram) -> terms.Diagram:
    """The inverse of a term; raises `TypeProblem` (E0220) naming the part that has none."""
    if isinstance(term, terms.Leaf):
        inverse = term.box.inverse(())
        if inverse is not None:
            return terms.Leaf(inverse, term.span)
    elif isinstance(term, terms.Then):
        return terms.Then(tuple(inverse_of(p) for p in reversed(list(term.flat()))), term.span)
    elif isinstance(term, terms.Tensor):
        return terms.Tensor(tuple(inverse_of(p) for p in term.flat()), term.span)
    elif isinstance(term, terms.Repeat):
        return terms.Repeat(inverse_of(term.body), term.count, term.span)
    elif isinstance(term, terms.Each):
        return terms.Each(inverse_of(term.body), term.span)
    elif isinstance(term, terms.Inverse):
        return term.body
    elif isinstance(term, terms.Broken):  # told where it stands
        return term
    elif isinstance(term, terms.Use) and isinstance(term.shared.body, terms.Leaf) and not term.transposed:
        box = term.reading or term.shared.body.box
        if box.readings:
            return terms.Use(term.shared, span=term.span, reading=box.inverse(()))
    elif isinstance(term, terms.Labelled):
        return terms.Labelled(term.label, inverse_of(term.body), term.span)
    elif isinstance(term, terms.Choice):
        return terms.Choice(term.condition, inverse_of(term.then), inverse_of(term.otherwise), term.span)
    elif isinstance(term, terms.Sequence):
        return _inverse_sequence(term)
    raise reject(
        f"{_called(term)} has no inverse",
        code="E0220",
        help="isomorphisms are id, swap, rearrange, neg, scale by a number other than 0, flow, trivialise, "
        "declared maps of bundles, and what `>>`, `@` and `^` make of them",
    )


def _called(term: terms.Diagram) -> str:
    if isinstance(term, terms.Leaf) and isinstance(term.box, Box):
        return f"`{term.box.name}`"
    return f"the shared `{term.shared.name}`" if isinstance(term, terms.Use) else "this part"


def _inverse_sequence(term: terms.Sequence) -> terms.Diagram:
    """The steps from the last to the first."""

    def step(i: Dim) -> terms.Diagram:
        return inverse_of(term.step(term.start + term.stop - 1 - i))

    return terms.Sequence(term.index, term.start, term.stop, step, term.span)


def leaves(term: terms.Diagram) -> Iterator[terms.Leaf]:
    """The boxes of a term that `inverse_of` gave (which has no braced bodies)."""
    stack: list[terms.Diagram] = [term]
    while stack:
        top = stack.pop()
        if isinstance(top, terms.Leaf):
            yield top
        elif isinstance(top, (terms.Then, terms.Tensor)):
            stack.extend(top.parts)
        elif isinstance(top, (terms.Repeat, terms.Each, terms.Labelled)):
            stack.append(top.body)
        elif isinstance(top, terms.Choice):
            stack += [top.then, top.otherwise]
        elif isinstance(top, terms.Sequence):
            stack.append(top.step(top.start))
