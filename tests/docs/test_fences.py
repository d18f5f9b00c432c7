"""A fence becomes a picture, a type and diagnostics, in the forms that Markdown tools ask for."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from markdown_it import MarkdownIt

from catnet.diagnostics import CatnetError
from catnet.fences import Fence, Options, fence, options, render, superfence

TWO = "net f(k, bias = true) : R[d] -> R[k] = linear(k, bias = bias)\n\nnet g : R[d] -> R[d] = relu\n"


def test_the_last_net_is_shown_or_the_one_that_is_asked_for() -> None:
    assert (render(TWO).name, render(TWO).type) == ("g", "R[d] -> R[d]")
    assert (render(TWO, Options("f")).type, render(TWO, Options("f", {"k": 3, "d": 5})).type) == (
        "R[d] -> R[k]",
        "R[5] -> R[3]",
    )


def test_what_is_imported_can_be_shown() -> None:
    found = render('from "std/transformer.cat" import attention', Options("attention"))
    assert (found.type, found.diagnostics) == ("R[t, d] -> R[t, d]", ())
    assert "sdpa" in found.svg


def test_a_recursion_asks_for_its_numbers() -> None:
    text = 'from "std/unet.cat" import unet'
    assert [d.code for d in render(text, Options("unet")).errors] == ["E0211"]
    assert render(text, Options("unet", {"depth": 1, "c": 4})).errors == ()


def test_arguments_reach_the_table() -> None:
    assert "12" in render(TWO, Options("f", {"k": 2, "d": 5})).table.split()
    assert "10" in render(TWO, Options("f", {"k": 2, "d": 5, "bias": False})).table.split()


@pytest.mark.parametrize("text", ["linear(8) >> relu", "# two\n\nlinear(8)\n >> relu\n", "(id, relu) >> add"])
def test_an_expression_needs_no_net(text: str) -> None:
    found = render(text)
    assert found.svg.startswith("<svg")
    assert found.type.startswith("R[...s")
    assert found.diagnostics == ()


def test_a_bundle_is_drawn_and_described() -> None:
    text = "bundle M : circle -> R[1] under O(1) {\n charts a, b, c\n a -> b : 1\n b -> c : 1\n c -> a : -1\n}\n"
    found = render(text)
    assert (found.name, found.type) == ("M", "circle -> R[1] under O(1)")
    assert "cn-twist" in found.svg
    assert "orientable: no" in found.table


@pytest.mark.parametrize(
    ("text", "asked", "codes"),
    [
        ("net f : R[4] -> R[5] = linear(6)", Options(), ["E0203"]),
        ("net f : R[4] -> R[5] = linear(6)\nnet g : R[4] -> R[4] = lineer(4)", Options(), ["E0203", "E0201"]),
        ("linear(", Options(), ["E0101"]),
        (TWO, Options("h"), ["E0601"]),
        (TWO, Options("f", {"n": 3}), ["E0213"]),
        ("", Options(), ["E0101"]),
        ("group G = O(3)", Options(), []),
    ],
)
def test_what_is_wrong_is_told_and_not_drawn(text: str, asked: Options, codes: list[str]) -> None:
    found = render(text, asked)
    assert [d.code for d in found.errors] == codes
    assert (found.svg, found.type) == ("", "")


def test_a_remark_stands_beside_the_picture() -> None:
    found = render("net f : R[d] -> _ = linear(3)")
    assert [d.code for d in found.diagnostics] == ["E0230"]
    assert found.errors == ()
    assert found.svg
    assert "this hole is `R[3]`" in found.html()


def test_the_parts_come_in_order_and_escaped() -> None:
    shown = render(TWO, Options("f")).html(("table", "type", "picture", "source"))
    places = [shown.index(f'class="catnet-{part}"') for part in ("source", "picture", "type", "table")]
    assert places == sorted(places)
    assert "R[d] -&gt; R[k]" in shown
    assert "<code>f : R[d] -> R[k]" not in shown


def test_a_hostile_text_stays_text() -> None:
    shown = fence('net f : R[d] -> R[d] = relu # </pre><script>alert("x")</script>', 'catnet "<b>"')
    assert "<script" not in shown
    assert "<b>" not in shown


def test_the_html_is_well_formed() -> None:
    ElementTree.fromstring(f"<div>{render(TWO, Options('f')).html()}</div>")


# -- dark pages --------------------------------------------------------------------------------------------------------


def test_the_picture_follows_the_theme_of_the_page() -> None:
    plain = render("linear(8)").svg
    dark = re.search(r"\.cn-paper\{fill:(#\w+)\}", plain)
    assert dark is not None
    shown = Fence("", svg=plain).html(("picture",))
    light = re.findall(r"([^{}]*\.cn-paper)\{fill:" + dark[1], shown)
    assert [selector.strip().split(" .")[0] for selector in light] == [
        'html:not([data-theme="light"]) body:not([data-theme="light"])',
        '[data-theme="dark"]',
    ]
    assert shown.count("{") == shown.count("}")


# -- options -----------------------------------------------------------------------------------------------------------


def test_options_are_read() -> None:
    assert options("") == Options()
    assert options("f k=3 mode='\"a b\"' --depth=2 --show=type,picture") == Options(
        "f", {"k": 3, "mode": "a b"}, 2, ("type", "picture")
    )
    assert options("f depth=3").params == {"depth": 3}  # the net's own


@pytest.mark.parametrize(
    "words", ["f g", "f k", "f --depth=0", "f --depth=x", "f --show=tpye", "f --wide=1", "f k='", "k=3 k=4"]
)
def test_options_that_are_none_are_refused(words: str) -> None:
    with pytest.raises(CatnetError) as caught:
        options(words)
    assert [d.code for d in caught.value.diagnostics] == ["E0603"]
    assert "E0603" in fence(TWO, f"catnet {words}")


def test_depth_closes_nets() -> None:
    text = "net f : R[d] -> R[d] = a >> a\nnet a : R[d] -> R[d] = relu >> tanh\n"
    assert "tanh" in render(text, Options("f")).svg
    assert ">tanh<" not in render(text, Options("f", depth=1)).svg


# -- tools -------------------------------------------------------------------------------------------------------------


def test_a_fence_in_markdown_it() -> None:
    md = MarkdownIt()
    plain = md.renderer.rules["fence"]

    def shown(self, tokens, at, options, env):  # type: ignore[no-untyped-def]
        token = tokens[at]
        if token.info.split()[:1] == ["catnet"]:
            return fence(token.content, token.info)
        return plain(tokens, at, options, env)

    md.add_render_rule("fence", shown)
    page = md.render(f"# T\n\n```catnet f k=8 --show=type\n{TWO}```\n\n```python\n1\n```\n")
    assert '<p class="catnet-type"><code>f : R[d] -&gt; R[8]</code></p>' in page
    assert '<code class="language-python">1' in page


def test_a_super_fence() -> None:
    """As pymdownx calls a custom fence: the attribute list comes as `attrs` or among the options."""
    given = {"net": "f", "params": "k=8", "show": "type"}
    expected = '<p class="catnet-type"><code>f : R[d] -&gt; R[8]</code></p>'
    assert superfence(TWO, "catnet", "catnet", given, None) == expected
    assert superfence(TWO, "catnet", "catnet", {}, None, classes=["x"], id_value="", attrs=given) == expected
    assert "E0603" in superfence(TWO, "catnet", "catnet", {"depth": "x y"}, None)


def test_fences_load_neither_torch_nor_sympy_nor_sphinx() -> None:
    probe = (
        f"import sys\nfrom catnet.fences import fence\nfence({TWO!r}, 'catnet --show=source,picture,type,table')\n"
        "print(*(m for m in ('torch', 'sympy', 'sphinx', 'docutils') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
