"""Random syntax trees: every tree made here can be written down and read back."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from catnet.syntax import tree

NAMES = ("a", "b", "x", "linear", "relu", "R", "X", "d_model", "h2", "_hidden", "netlike", "größe")

names = st.sampled_from(NAMES)
type_names = st.sampled_from(("X", "Y", "int", "float", "bool", "str"))
texts = st.text(st.sampled_from('abc (){}[]#"\\\tß⊗=>'), max_size=8)
numbers = st.one_of(
    st.integers(0, 10**18 - 1),
    st.floats(0, allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 1, 2, 0.5, 1e-5, 1e22]),
)
leaves: SearchStrategy[tree.Expr] = st.one_of(
    names.map(tree.Name),
    numbers.map(tree.Number),
    texts.map(tree.Text),
    st.booleans().map(tree.Truth),
    st.just(tree.Hole()),
    st.just(tree.Unit()),
)


def _tuples(part: SearchStrategy[tree.Expr], least: int = 2) -> SearchStrategy[tuple[tree.Expr, ...]]:
    return st.lists(part, min_size=least, max_size=4).map(tuple)


@st.composite
def _calls(draw: DrawFn, part: SearchStrategy[tree.Expr]) -> tree.Call:
    bounds = st.builds(tree.In, names, part, part)
    positional = draw(st.lists(st.one_of(part, bounds), max_size=3))
    keywords = draw(st.lists(st.tuples(names, part), max_size=2))
    args = [tree.Arg(None, value) for value in positional]
    args += [tree.Arg(name, value) for name, value in keywords]
    return tree.Call(draw(part), tuple(args))


def _compound(part: SearchStrategy[tree.Expr]) -> SearchStrategy[tree.Expr]:
    def rest(*ops: str) -> SearchStrategy[tuple[tuple[str, tree.Expr], ...]]:
        return st.lists(st.tuples(st.sampled_from(ops), part), min_size=1, max_size=3).map(tuple)

    axes = st.lists(st.one_of(part, names.map(tree.Pack)), max_size=3).map(tuple)
    return st.one_of(
        _calls(part),
        st.builds(tree.Index, part, axes),
        st.builds(tree.Label, names, part),
        st.builds(tree.Power, part, part),
        st.builds(tree.Negate, part),
        st.builds(tree.Product, part, rest("*", "/", "//", "%")),
        st.builds(tree.Sum, part, rest("+", "-")),
        st.builds(tree.Beside, _tuples(part)),
        st.builds(tree.Chain, _tuples(part)),
        st.builds(tree.Fan, _tuples(part)),
        st.builds(tree.List, st.lists(part, min_size=1, max_size=3).map(tuple)),
        st.builds(tree.Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), part, part),
        st.builds(tree.Logic, st.sampled_from(["and", "or"]), _tuples(part)),
        st.builds(tree.Not, part),
        st.builds(tree.If, part, part, part),
    )


expressions: SearchStrategy[tree.Expr] = st.recursive(leaves, _compound, max_leaves=12)
arrows = st.builds(tree.Arrow, expressions, expressions)
params = st.builds(
    tree.Param,
    names,
    st.one_of(st.none(), type_names.map(tree.Name), st.just(tree.Name("rep")), arrows),
    st.one_of(st.none(), expressions),
)
param_lists = st.lists(params, max_size=3).map(tuple)
wheres = st.lists(expressions, max_size=2).map(tuple)
actions = st.builds(tree.Under, expressions, st.lists(names, max_size=3).map(tuple))
unders = st.lists(actions, max_size=2).map(tuple)
targets = st.lists(st.one_of(names, st.just("_")), min_size=1, max_size=3).map(tuple)
bodies = st.builds(
    tree.Body,
    st.lists(
        st.one_of(st.builds(tree.Assign, targets, expressions), st.builds(tree.Share, names, expressions)),
        max_size=3,
    ).map(tuple),
    expressions,
)
chart = st.builds(tree.Chart, names, st.lists(names, max_size=2).map(tuple))
charts = st.lists(chart, min_size=1, max_size=3).map(tuple)
transitions = st.lists(st.builds(tree.Transition, names, names, expressions), max_size=3).map(tuple)
items: SearchStrategy[tree.Item] = st.one_of(
    st.builds(tree.Import, texts, st.lists(names, min_size=1, max_size=3).map(tuple)),
    st.builds(tree.Net, names, param_lists, arrows, wheres, unders, st.one_of(expressions, bodies)),
    st.builds(tree.BoxDecl, names, param_lists, arrows, wheres, unders, texts),
    st.builds(tree.Law, names, param_lists, expressions, expressions),
    *(st.builds(kind, names, param_lists, expressions) for kind in (tree.Formula, tree.Group, tree.Rep, tree.Derived)),
    st.builds(tree.Bundle, names, param_lists, arrows, unders, charts, transitions),
)
files: SearchStrategy[tree.File] = st.lists(items, max_size=4).map(lambda found: tree.File(tuple(found)))
