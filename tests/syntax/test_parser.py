"""What sources mean as trees: precedence, items, bodies, spans and comments."""

from __future__ import annotations

from dataclasses import fields

import pytest

from catnet.diagnostics import CatnetError, Source
from catnet.syntax import tree
from catnet.syntax.comments import children
from catnet.syntax.parser import parse, parse_expression, parse_type
from tests.syntax.samples import DESIGN, EVERYTHING, items


def expr(text: str) -> tree.Expr:
    return parse_expression(Source("<test>", text))


def show(node: object) -> str:
    """A tree as nested brackets, one pair for each node."""
    match node:
        case tree.Name():
            return node.id
        case tree.Number():
            return repr(node.value)
        case tree.Text():
            return repr(node.value)
        case tree.Hole():
            return "_"
        case tree.Unit():
            return "()"
        case tree.Arg(name=None):
            return show(node.value)
        case tree.Node():
            parts = [getattr(node, f.name) for f in fields(node) if f.name not in ("span", "comments")]
            return f"[{type(node).__name__} {' '.join(show(part) for part in parts)}]"
        case tuple():
            return " ".join(show(part) for part in node)
    return str(node)


PRECEDENCE = [
    ("h: block ^ 12", "[Power [Label h block] 12]"),
    ("h: (block ^ 12)", "[Label h [Power block 12]]"),
    ("q: linear(d) >> k", "[Chain [Label q [Call linear d]] k]"),
    ("f ^ -1", "[Power f [Negate 1]]"),
    ("f ^ -g(x)", "[Power f [Negate [Call g x]]]"),
    ("2 ^ (n - 1)", "[Power 2 [Sum n - 1]]"),
    ("2^depth*c", "[Product [Power 2 depth] * c]"),
    ("-a ^ 2", "[Negate [Power a 2]]"),
    ("-a * b", "[Product [Negate a] * b]"),
    ("a * -b // c % d", "[Product a * [Negate b] // c % d]"),
    ("a + b * c - d", "[Sum a + [Product b * c] - d]"),
    ("a @ b + c", "[Beside a [Sum b + c]]"),
    ("a @ b >> c @ d", "[Chain [Beside a b] [Beside c d]]"),
    ("a >> b >> c", "[Chain a b c]"),
    ("a >> (b >> c)", "[Chain a [Chain b c]]"),
    ("a >> b == c", "[Compare == [Chain a b] c]"),
    ("not a == b", "[Not [Compare == a b]]"),
    ("not not a", "[Not [Not a]]"),
    ("not a and b or c", "[Logic or [Logic and [Not a] b] c]"),
    ("if a then b else c >> d", "[If a b [Chain c d]]"),
    ("if a then b else (c) >> d", "[If a b [Chain c d]]"),
    ("(if a then b else c) >> d", "[Chain [If a b c] d]"),
    ("a >> if b then c else d >> e", "[Chain a [If b c [Chain d e]]]"),
    ("a * if b then c else d + e", "[Product a * [If b c [Sum d + e]]]"),
    ("if a then b else if c then d else e", "[If a b [If c d e]]"),
    ("a and if b then c else d or e", "[Logic and a [If b c [Logic or d e]]]"),
    ("(f, g >> h)", "[Fan f [Chain g h]]"),
    ("(f, g,)", "[Fan f g]"),
    ("(f)", "f"),
    ("()", "()"),
    ("f()", "[Call f ]"),
    ("R[]", "[Index R ]"),
    ("R[...s, 3*d]", "[Index R [Pack s] [Product 3 * d]]"),
    ("Fin(vocab)[t]", "[Index [Call Fin vocab] t]"),
    ("f(q: linear(d), k = v,)", "[Call f [Label q [Call linear d]] [Arg k v]]"),
    ("seq(i in 0..n - 1, f(i))", "[Call seq [In i 0 [Sum n - 1]] [Call f i]]"),
    ("f(x)(y)[z]", "[Index [Call [Call f x] y] z]"),
    ('rearrange("a \\"b\\" \\\\n")', "[Call rearrange 'a \"b\" \\\\n']"),
    ("0.5 + 1e-5 + 2E3", "[Sum 0.5 + 1e-05 + 2000.0]"),
    ("f ⊗ g ≫ h", "[Chain [Beside f g] h]"),
    ("a − b ≤ c", "[Compare <= [Sum a - b] c]"),
    ("a ≠ b and c ≥ d", "[Logic and [Compare != a b] [Compare >= c d]]"),
    ("ℝ[t]", "[Index R t]"),
    ("größe * π", "[Product größe * π]"),
    ("x_: f", "[Label x_ f]"),
    ("_", "_"),
    ("# say\nf # why\n>> g", "[Chain f g]"),
]


@pytest.mark.parametrize(("text", "shape"), PRECEDENCE)
def test_precedence(text: str, shape: str) -> None:
    assert show(expr(text)) == shape


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("R[t] -> R", "[Arrow [Index R t] R]"),
        ("X @ Y → X", "[Arrow [Beside X Y] X]"),
        ("(x: R[t, d], y: R[h]) -> R", "[Arrow [Fan [Label x [Index R t d]] [Label y [Index R h]]] R]"),
        ("(x: R[d]) -> ()", "[Arrow [Label x [Index R d]] ()]"),
        ("R[t, d] @ R[h]", "[Beside [Index R t d] [Index R h]]"),
        ("_", "_"),
    ],
)
def test_types(text: str, shape: str) -> None:
    assert show(parse_type(Source("<test>", text))) == shape


def test_the_examples_of_the_design_parse() -> None:
    assert [item.name for item in items(DESIGN) if isinstance(item, tree.Net)] == [
        *("classifier", "attention", "unet", "velocity", "sampler", "residual", "swiglu"),
    ]


def test_the_else_branch_takes_the_rest_of_the_chain() -> None:
    unet = items(DESIGN)[2]
    assert isinstance(unet, tree.Net)
    assert isinstance(unet.body, tree.If)
    assert isinstance(unet.body.otherwise, tree.Chain)
    assert len(unet.body.otherwise.parts) == 3


def test_every_kind_of_item() -> None:
    imported, box, law, net = items(EVERYTHING)
    assert imported == tree.Import("std/transformer.cat", ("block", "attention"))
    assert isinstance(box, tree.BoxDecl)
    assert box.target == "catnet.boxes:Conv"
    assert [p.name for p in box.params] == ["c", "k", "p", "name", "f"]
    assert box.params[3].default == tree.Text('c"\\')
    assert len(box.where) == 2
    assert isinstance(law, tree.Law)
    assert isinstance(law.right, tree.If)
    assert isinstance(net, tree.Net)
    assert isinstance(net.body, tree.Body)
    share, pair, drop, choice = net.body.statements
    assert isinstance(share, tree.Share)
    assert isinstance(pair, tree.Assign)
    assert pair.targets == ("a", "_")
    assert isinstance(drop, tree.Assign)
    assert drop.targets == ("_",)
    assert isinstance(choice, tree.Assign)
    assert isinstance(choice.value, tree.If)


@pytest.mark.parametrize("head", ["net f", "net f()", "net f(\n)"])
@pytest.mark.parametrize("body", ["= id", "= { return id }", "{ return id }", "{ return id; }"])
def test_forms_of_a_net(head: str, body: str) -> None:
    (net,) = items(f"{head} : X -> X {body}")
    assert isinstance(net, tree.Net)
    result = net.body.result if isinstance(net.body, tree.Body) else net.body
    assert (net.params, result) == ((), tree.Name("id"))


def test_statements_need_no_separators() -> None:
    (net,) = items("net f : X -> X { a = g(x) b, c = a share w = k _ = b >> drop return c }")
    assert isinstance(net, tree.Net)
    assert isinstance(net.body, tree.Body)
    assert len(net.body.statements) == 4


def test_items_on_one_line() -> None:
    assert len(items('net f : X -> X = id net g : X -> X = f from "a" import b law l : f == g')) == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "\ufeff",
        "# only a comment",
        "\ufeffnet f : X -> X = id",
        "net f\r\n: X -> X =\r\n\tid\r\n",
    ],
)
def test_odd_but_right(text: str) -> None:
    items(text)


# ---------------------------------------------------------------- spans


def nodes(node: tree.Node) -> list[tree.Node]:
    return [node, *(below for child in children(node) for below in nodes(child))]


EXACT = [
    *("f(x, k = 3)", "R[...s, d]", "q: linear(d)", "f ^ -1", "-x", "3*d // (k)", "(a + b) - c", "f @ (g)"),
    *("(f) >> (g)", "(f, g)", "(a) == (b)", "(a and b) or c", "not (p)", "if a then b else (c)", "()", "_"),
    *('"text"', "true", "1e-5", "(f)(x)", "(R)[d]", "(f) ^ (n)"),
]


@pytest.mark.parametrize("text", EXACT)
def test_spans_are_exact(text: str) -> None:
    node = expr(f"  {text} ")
    assert node.span is not None
    assert node.span.text == text


@pytest.mark.parametrize("text", [DESIGN, EVERYTHING])
def test_the_text_of_every_span_reads_back_as_its_node(text: str) -> None:
    seen = set()
    for item in items(text):
        for node in nodes(item):
            assert node.span is not None, node
            seen.add(type(node))
            match node:
                case tree.Item():
                    assert items(node.span.text) == (node,)
                case tree.Arrow():
                    assert parse_type(Source("", node.span.text)) == node
                case tree.Pack() | tree.Arg() | tree.In():
                    assert (
                        show(
                            expr(f"f[{node.span.text}]" if isinstance(node, tree.Pack) else f"f({node.span.text})")
                        ).find(show(node))
                        > 0
                    )
                case tree.Expr():
                    assert expr(node.span.text) == node
                case tree.Param():
                    assert items(f"net f({node.span.text}) : X -> X = id")[0].params == (node,)  # type: ignore[attr-defined]
                case tree.Body() | tree.Assign() | tree.Share():
                    body = node.span.text if isinstance(node, tree.Body) else f"{{ {node.span.text} return x }}"
                    assert show(node) in show(items(f"net f : X -> X {body}")[0])
    assert len(seen) > 15


def test_spans_with_an_offset_and_unicode() -> None:
    (_, net) = items("# é\nnet a : X -> X = id\nnet b : X -> X = 𝔣oo_ok ⊗ y".replace("𝔣", "ф"))
    assert isinstance(net, tree.Net)
    assert isinstance(net.body, tree.Beside)
    assert net.body.span is not None
    assert net.body.span.text == "фoo_ok ⊗ y"
    assert net.span is not None
    assert str(net.span) == "test.cat:3:1"


# ---------------------------------------------------------------- comments


def test_documentation_and_other_comments() -> None:
    text = "# Licence.\n\n# What it does,\n#   in two lines.\r\nnet f : X -> X = id\n# loose\n\n# end\n"
    file, diagnostics = parse(Source("x.cat", text))
    assert not diagnostics
    assert file.items[0].comments == ("What it does,", "  in two lines.")
    assert file.loose == ((0, ("Licence.",)), (1, ("loose",)))
    assert file.trailing == ("end",)


def test_comments_inside_an_item_go_to_the_node_that_follows() -> None:
    (net,) = items("net f : X -> X {\n # first\n a = x # why\n # result\n return a\n # after\n}")
    assert isinstance(net, tree.Net)
    assert isinstance(net.body, tree.Body)
    assert net.comments == ()
    assert net.body.statements[0].comments == ("first", "why")
    assert net.body.result.comments == ("result", "after")


def test_a_remark_at_the_end_of_a_line_belongs_to_what_it_ends() -> None:
    chain = expr("a\n >> b(c) # on b\n # on d\n >> d # last")
    assert isinstance(chain, tree.Chain)
    assert [part.comments for part in chain.parts] == [(), ("on b",), ("on d", "last")]


def test_a_hash_in_a_string_is_no_comment() -> None:
    (net,) = items('net f : X -> X = g("# not net a : X")')
    assert not any(node.comments for node in nodes(net))


@pytest.mark.parametrize("text", ["", "a >>", "a b", "net f : X -> X = id", "a)", "(" * 300, "x -> y", "# c"])
def test_bad_expressions_raise(text: str) -> None:
    with pytest.raises(CatnetError) as raised:
        expr(text)
    assert len(raised.value.diagnostics) == 1
