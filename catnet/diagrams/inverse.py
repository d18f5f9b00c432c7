"""Inverses of terms: `f ^ -1` exists exactly where every part has one."""

from __future__ import annotations

from catnet.diagrams import terms
from catnet.diagrams.box import Box
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
    name = term.box.name if isinstance(term, terms.Leaf) and isinstance(term.box, Box) else "this part"
    raise reject(
        f"`{name}` has no inverse",
        code="E0220",
        help="isomorphisms are id, swap, rearrange, roll, scale by a number other than 0, flow, "
        "and what `>>`, `@` and `^` make of them",
    )
