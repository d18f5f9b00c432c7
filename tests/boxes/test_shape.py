"""Boxes that rearrange entries: types, mistakes, and values against plain torch."""

from __future__ import annotations

import pytest
import torch

from tests.boxes.helpers import compiled, mistake, program, run, type_of

PATTERNS = [
    ("R[6, 8]", "t (h c) -> h t c", ", h = 2", "R[2, 6, 4]"),
    ("R[6, 8]", "t (h c) -> h t c", ", c = 4", "R[2, 6, 4]"),
    ("R[2, 6, 4]", "h t c -> t (h c)", "", "R[6, 8]"),
    ("R[3, 4, 6]", "c (h i) (w j) -> (h w) (c i j)", ", i = 2, j = 3", "R[4, 18]"),
    ("R[3, 4]", "a b -> b a", "", "R[4, 3]"),
    ("R[3, 4, 5]", "a b c -> c a b", "", "R[5, 3, 4]"),
    ("R[2, 3, 4, 5]", "a b c d -> d c a b", "", "R[5, 4, 2, 3]"),
    ("R[3, 4]", "a b -> (a b)", "", "R[12]"),
    ("R[12]", "(a b c) -> c b a", ", a = 3, b = 2", "R[2, 2, 3]"),
    ("R[3, 4]", "a b -> a b", "", "R[3, 4]"),
    ("R[3, 4]", "a b -> a 1 b", "", "R[3, 1, 4]"),
    ("R[3, 1, 4]", "a 1 b -> b a", "", "R[4, 3]"),
    ("R[3, 4]", "... a -> ... a 1", "", "R[3, 4, 1]"),
    ("R[2, 3, 4]", "a ... -> ... a", "", "R[3, 4, 2]"),
    ("R[2, 3, 4]", "b c -> c b", "", "R[2, 4, 3]"),
]


def by_hand(x: torch.Tensor, pattern: str, sizes: dict[str, int], batch: int) -> torch.Tensor:
    """What a pattern means, by an index for every component; a slow reference."""
    left, right = (side.replace("(", " ( ").replace(")", " ) ").split() for side in pattern.split("->"))
    axes = x.dim() - batch
    if "..." in left:
        rest = [f"e{i}" for i in range(axes - len(groups(left)) + 1)]
        left, right = ([n for t in s for n in (rest if t == "..." else [t])] for s in (left, right))
    before, after = groups(left), groups(right)
    front = axes - len(before)
    shape = list(x.shape[: batch + front])
    for group, size in zip(before, x.shape[batch + front :], strict=True):
        known = 1
        for name in group:
            known *= sizes.get(name, 1)
        sizes.update({n: size // known for n in group if n not in sizes})
        shape += [sizes[n] for n in group]
    flat_before, flat_after = [n for g in before for n in g], [n for g in after for n in g]
    lead = batch + front
    order = [*range(lead), *(lead + flat_before.index(n) for n in flat_after)]
    moved = x.reshape(shape).permute(order)
    ends = [int(torch.tensor([sizes[n] for n in g]).prod()) if g else 1 for g in after]
    return moved.reshape([*x.shape[:lead], *ends])


def groups(tokens: list[str]) -> list[list[str]]:
    found: list[list[str]] = []
    inside = False
    for token in tokens:
        if token in "()":
            inside = token == "("
            found += [[]] if inside else []
        elif token == "1":
            found += [] if inside else [[]]
        elif inside:
            found[-1].append(token)
        else:
            found.append([token])
    return found


@pytest.mark.parametrize(("dom", "pattern", "sizes", "cod"), PATTERNS)
@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_rearrange(dom: str, pattern: str, sizes: str, cod: str, batch: tuple[int, ...]) -> None:
    body = f'rearrange("{pattern}"{sizes})'
    assert type_of(dom, body) == cod
    x = torch.randn(*batch, *eval(dom[1:]))
    given = {k.strip(): int(v) for k, v in (p.split("=") for p in sizes.split(",")[1:])}
    assert torch.equal(run(dom, body, x, outputs=cod), by_hand(x, pattern, given, len(batch)))


@pytest.mark.parametrize(("dom", "pattern", "sizes", "cod"), [p for p in PATTERNS if "..." not in p[1]])
def test_rearrange_has_an_inverse(dom: str, pattern: str, sizes: str, cod: str) -> None:
    right = pattern.split(" -> ")[1]
    if ", " not in sizes and "(" in right:
        sizes = {"(h c)": ", h = 2", "(a b)": ", a = 3"}[right[right.index("(") :]]
    if pattern.startswith("c (h i)"):
        sizes += ", h = 2, c = 3"
    f = f'rearrange("{pattern}"{sizes})'
    x = torch.randn(2, *eval(dom[1:]))
    assert torch.equal(run(dom, f"{f} >> {f} ^ -1", x, outputs=dom), x)


def test_rearrange_with_symbols() -> None:
    source = 'rearrange("t (h c) -> h t c", h = heads)'
    text = f"net f(heads) : R[t, d] -> R[heads, t, d // heads] where d % heads == 0 = {source}"
    diagram = program(text)["f"](heads=2, d=8)
    assert diagram.type == "R[t, 8] -> R[2, t, 4]"
    assert "unflatten(-1, (-1, 4)).transpose(-3, -2)" in diagram.source()
    assert compiled(text, heads=2)(torch.randn(5, 3, 8)).shape == (5, 2, 3, 4)  # d stays dynamic


def test_rearrange_demands_that_sizes_divide() -> None:
    found = mistake("R[t, d] -> R[h, t, d // h]", 'rearrange("t (h c) -> h t c", h = h)', "(h)")
    assert found.code == "E0206"
    assert "`rearrange` needs d % h == 0" in found.message
    assert "where d % h == 0" in found.help
    found = mistake("R[t, 10] -> _", 'rearrange("t (h c) -> h t c", h = 4)')
    assert (found.code, "10 % 4 == 0" in found.message) == ("E0207", True)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("a b", "no `->`"),
        ("a b -> a b -> b", "more than one `->`"),
        ("a a -> a", "`a` stands twice on the left"),
        ("a b -> a", "`b` stands only on the left"),
        ("a b -> a b c", "`c` stands only on the right"),
        ("a (b -> a b", "a `(` without its `)`"),
        ("a b) -> a b", "a `)` without its `(`"),
        ("a ((b)) -> a b", "brackets inside brackets"),
        ("a 3 -> a 3", "`3` is not a name"),
        ("a + -> a", "`+` is not a name"),
        ("(a b) c -> a b c", "the sizes of `a` and `b` do not follow"),
        ("a b c -> c b a", "names 3 axes, `R[3, 4]` has 2"),
        ("a 1 -> a", "`1` has size 1, but the axis has size 4"),
    ],
)
def test_bad_patterns(pattern: str, words: str) -> None:
    found = mistake("R[3, 4] -> _", f'rearrange("{pattern}")')
    assert words in found.message
    assert found.code in ("E0224", "E0203")
    assert found.help or found.code == "E0203"


def test_rearrange_refuses_unknown_sizes() -> None:
    assert mistake("R[3, 4] -> _", 'rearrange("a b -> b a", c = 4)').code == "E0213"
    assert mistake("R[3, 4] -> _", 'rearrange("a b -> b a", b = 5)').code == "E0203"


def test_rearrange_prints_its_sizes() -> None:
    expression = program("net g : R -> R = id").parse('rearrange("(h c) -> h c", h = 2)')
    assert repr(expression) == 'rearrange("(h c) -> h c", h = 2)'


@pytest.mark.parametrize(
    ("dom", "cod"), [("R[2, 3, 4]", "R[24]"), ("R[5]", "R[5]"), ("R", "R[1]"), ("R[c, h]", "R[c*h]")]
)
def test_flatten(dom: str, cod: str) -> None:
    assert type_of(dom, "flatten") == cod


def test_flatten_keeps_batch_axes() -> None:
    x = torch.randn(7, 5, 2, 3)
    assert torch.equal(run("R[2, 3]", "flatten", x, outputs="R[6]"), x.reshape(7, 5, 6))
    assert run("R", "flatten", torch.randn(4), outputs="R[1]").shape == (4, 1)
    assert mistake("R[...s] -> _", "flatten").code == "E0224"


def test_concat() -> None:
    assert type_of("R[t, a] @ R[t, b] @ R[t, c]", "concat") == "R[t, a + b + c]"
    assert type_of("R[a, h, w] @ R[b, h, w]", "concat(axis = 0)") == "R[a + b, h, w]"
    assert type_of("R[a, t] @ R[b, t]", "concat(axis = a)") == "R[a + b, t]"
    x, y = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    got = run("R[3, 4] @ R[5, 4]", "concat(axis = 0)", x, y, outputs="R[8, 4]")
    assert torch.equal(got, torch.cat((x, y), 1))


def test_concat_gives_batch_axes_to_a_parameter() -> None:
    got = run("R[3, 4]", "(parameter((1, 4)) @ id) >> concat(axis = 0)", torch.randn(2, 3, 4), outputs="R[4, 4]")
    assert got.shape == (2, 4, 4)


def test_concat_mistakes() -> None:
    found = mistake("R[t, a] @ R[u, b] -> _", "concat")
    assert (found.code, "`concat`" in found.message) == ("E0203", True)
    found = mistake("R[2, 3] @ R[2, 3] -> _", "concat(axis = 2)")
    assert (found.code, found.help) == ("E0223", "its axes are `2` (-2), `3` (-1)")
    assert mistake("R[2] @ Z[3] -> _", "concat").code == "E0205"


def test_split_chunk_slice_select_stack() -> None:
    x = torch.randn(2, 6, 4)
    a, b = run("R[6, 4]", "split((2, 4), axis = 0)", x, outputs="R[2, 4] @ R[4, 4]")
    assert torch.equal(torch.cat((a, b), 1), x)
    parts = run("R[6, 4]", "chunk(2)", x, outputs="R[6, 2] @ R[6, 2]")
    assert torch.equal(torch.cat(parts, 2), x)
    assert torch.equal(run("R[6, 4]", "slice(1, 3, axis = 0)", x, outputs="R[2, 4]"), x[:, 1:3])
    assert torch.equal(run("R[t, 4]", "select(-1, axis = t)", x, outputs="R[4]"), x[:, -1])
    assert torch.equal(run("R[6, 4]", "(id, id) >> stack", x, outputs="R[2, 6, 4]"), torch.stack((x, x), 1))
    assert torch.equal(run("R[6, 4]", "(id, id) >> stack(-1)", x, outputs="R[6, 4, 2]"), torch.stack((x, x), 3))


def test_mistakes_of_parts() -> None:
    assert mistake("R[5] -> _ @ _", "split((2, 4))").code == "E0203"
    assert mistake("R[n] -> _ @ _", "split((2, 4))").code == "E0203"
    assert mistake("R[5] -> _ @ _", "chunk(2)").code == "E0207"
    assert mistake("R[5] -> _", "slice(2, 6)").code == "E0207"
    assert mistake("R[t, d] -> _", "select(3, axis = t)").code == "E0206"
    assert type_of("R[t, d]", "select(0, axis = t)") == "R[d]"
    assert mistake("R[t, d] -> _", "select(0, axis = -3)").code == "E0223"
