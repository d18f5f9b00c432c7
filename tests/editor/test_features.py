"""What an editor is told about a place in a file, and the changes that it makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catnet.boxes import VOCABULARY
from catnet.diagnostics import CatnetError
from catnet.editor import describe
from catnet.editor.changes import actions, formatting
from catnet.editor.completion import call_at, complete
from catnet.editor.hints import hints
from catnet.editor.hover import hover
from catnet.editor.names import occurrences, words
from catnet.editor.outline import meanings, outline
from catnet.editor.places import Lines, Units, applied
from catnet.editor.rename import nameable, rename
from catnet.editor.session import Session
from catnet.editor.view import View
from catnet.elaborate.bundle_bases import BASES
from catnet.elaborate.bundles import DERIVED
from catnet.elaborate.evaluate import SORTS
from catnet.syntax.formatter import format_source
from catnet.syntax.scan import RESERVED
from catnet.types.spaces import FUNCTIONS

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(p for folder in ("examples", "catnet/std") for p in (ROOT / folder).rglob("*.cat"))

OTHER_WORDS = {"on", "GL", "charts", "map", "_", *SORTS, *BASES, *DERIVED, "max", "min", "sqrt", "sin", "cos", "pi"}

ATTENTION = """# Attention of every position to all.
net attention(heads, causal = false) : R[t, d] -> R[t, d] where d % heads == 0 =
    (q: linear(d), k: linear(d), v: linear(d))
 >> each(rearrange("t (h c) -> h t c", h = heads))
 >> sdpa(causal = causal)
 >> rearrange("h t c -> t (h c)")
 >> out: linear(d)

net tied(vocab) : (x: Fin(vocab)[t]) -> _ {
    share table = embedding(vocab, 64)
    y = x >> table
    left, right = y >> linear(128) >> chunk(2)
    return left * right >> attention(heads = 4) >> transpose(table)
}
"""


@pytest.fixture
def session() -> Session:
    return Session()


def see(session: Session, path: Path, text: str) -> tuple[View, int]:
    """The view of a text, and where the mark `|` in it stands."""
    session.change(path, text.replace("|", ""))
    return session.checked(path), text.find("|")


def shown(session: Session, path: Path, text: str) -> str:
    view, offset = see(session, path, text)
    found = hover(view, offset)
    return found[1] if found is not None else ""


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("attention|(heads,", "net attention(heads, causal = false) : R[t, d] -> R[t, d] where d % heads == 0"),
        ("attention|(heads,", "Attention of every position to all."),
        ("attention|(heads = 4)", "here: `R[t, 64] -> R[t, 64]`"),
        ("causal| = false", "causal = false"),
        ("heads|, causal", "an integer"),
        ("d| % heads", "a size of `attention`"),
        ("q|: lin", "the name of this part"),
        ("k: linear|(d)", "linear(features, bias = true) : R[...s, d] -> R[...s, features]"),
        ("k: linear|(d)", "here: `R[t, d] -> R[t, d]`"),
        ("h| = heads", "an argument of `rearrange`"),
        ("sdpa(causal| =", "true or false"),
        ("ea|ch(", "each with parameters of its own"),
        ("F|in(vocab)", "`Fin(n)` are the integers"),
        ("x|: Fin", "x: Fin(vocab)[t]"),
        ("y| = x", "y: R[t, 64]"),
        ("right| = y", "right: R[t, 64]"),
        ("table| = emb", "the same weights"),
        ("transpose(table|)", "here: `R[t, 64] -> R[t, vocab]`"),
        ("tied|(vocab)", "its type is found to be `Fin(vocab)[t] -> R[t, vocab]`"),
        ("-> |_ {", "R[t, vocab]"),
        ("left |* right", "R[t, 64]"),
    ],
)
def test_hover(word: str, told: str, session: Session, tmp_path: Path) -> None:
    assert told in shown(session, tmp_path / "a.cat", ATTENTION.replace(word.replace("|", ""), word, 1))


def test_hover_of_what_is_imported(session: Session, tmp_path: Path) -> None:
    text = 'from "std/transformer.cat" import bl|ock\n\nnet f : R[t, 64] -> R[t, 64] = block(8)\n'
    assert "from transformer.cat" in shown(session, tmp_path / "a.cat", text)


def test_hover_on_nothing(session: Session, tmp_path: Path) -> None:
    assert shown(session, tmp_path / "a.cat", "# rem|ark\n\n" + ATTENTION) == ""
    assert shown(session, tmp_path / "a.cat", "net f(|") == ""


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_word_has_a_meaning_and_a_hover(path: Path, session: Session) -> None:
    """No name of our own files is passed over, and nothing is said of what has no place."""
    view = session.checked(path)
    for item in view.items(view.program.module):
        assert item.item.span is not None
        known = {(o.start, o.end) for o in occurrences(item.module, item.item)}
        for word, start, end in words(item.item.span):
            assert (start, end) in known or word in RESERVED | OTHER_WORDS | set(FUNCTIONS), word
        for start, _ in known:
            assert hover(view, item.start + start) is not None


@pytest.mark.parametrize(
    ("text", "offered", "not_offered"),
    [
        ("|", "net bundle from", "where linear"),
        ("net |", "", "linear R net"),
        ("net f : R[d] -> R[k] |", "where under", "linear"),
        ("net f(k) : R[d, |", "k d Fin", "linear where"),
        ("net f(k) : R[d] -> R[k] = |", "linear attention if k", "return where"),
        ("net f(k) : R[d] -> R[k] = part: |", "linear attention", "Fin"),
        ("net f(k) : R[d] -> R[k] = linear(|", "features bias k d", "relu"),
        ("net f(k) : R[d] -> R[k] = linear(features = k, |", "bias", "features"),
        ("net f(k) : R[d] -> R[k] = linear(k, bias = |", "true false", "features"),
        ("net f(k) : R[n, d] -> R[k] = sum(over = |", "n d", "linear"),
        ("net f : R[t, d] -> R[t, d] = attention(|", "heads causal t d", "relu"),
        ("net f : R[t, d] -> R[t, d] = each(|", "relu attention", "heads"),
        ("net f : (x: R[d]) -> R[d] {\n y, z = x >> copy\n share w = linear(d)\n |", "x y z w return share", "where"),
        ("net f : R[n, d] -> R[d] under |", "G S O", "linear"),
        ("rep V = |", "G vector", "linear"),
        ('from "|', "std/transformer.cat", "net"),
        ('from "std/transformer.cat" import |', "block attention", "linear"),
        ("# net |", "", "net f"),
        ('net f : R[d] -> R[d] = rearrange("|', "", "d linear"),
    ],
)
def test_completion(text: str, offered: str, not_offered: str, session: Session, tmp_path: Path) -> None:
    before = "group G = S(3)\n\n" + ATTENTION.split("\n\n")[0] + "\n\n"
    view, offset = see(session, tmp_path / "a.cat", before + text)
    found = {offer.word for offer in complete(view, offset)}
    assert set(offered.split()) <= found
    assert not set(not_offered.split()) & found


def test_completion_within_a_word_is_that_before_it(session: Session, tmp_path: Path) -> None:
    view, offset = see(session, tmp_path / "a.cat", "net f : R[d] -> R[d] = lin|")
    assert "linear" in {offer.word for offer in complete(view, offset)}


def test_the_argument_at_a_place(session: Session, tmp_path: Path) -> None:
    view, offset = see(session, tmp_path / "a.cat", "net f : R[c, h, w] -> R[3, h, w] = conv(3, 3, padding = |")
    names = [p.name for p in VOCABULARY["conv"].params()]
    assert call_at(view, offset) == ("conv", names.index("padding"))
    view, offset = see(session, tmp_path / "a.cat", "net f : R[d] -> R[3] = linear((1 + 2), |")
    assert call_at(view, offset) == ("linear", 1)
    view, offset = see(session, tmp_path / "a.cat", "net f(k, |")
    assert call_at(view, offset) is None


def test_definitions_and_references_across_files(session: Session, tmp_path: Path) -> None:
    one, two = tmp_path / "one.cat", tmp_path / "two.cat"
    one.write_text(ATTENTION, encoding="utf-8")
    view, offset = see(
        session, two, 'from "one.cat" import attention\n\nnet f : R[t, 8] -> R[t, 8] = atten|tion(heads = 2)\n'
    )
    found = view.name_at(offset)
    assert found is not None
    place = view.definition(found[1].symbol)
    assert place is not None
    assert (place.path, ATTENTION[place.start : place.end]) == (one, "attention")
    assert [p.path.name for p in view.references(found[1].symbol)] == ["one.cat", "one.cat", "two.cat", "two.cat"]
    keyword = view.name_at(view.text.index("heads"))
    assert keyword is not None
    declared = view.definition(keyword[1].symbol)
    assert declared is not None
    assert (declared.path, declared.start) == (one, ATTENTION.index("heads"))


def after_rename(session: Session, paths: list[Path], path: Path, offset: int, new: str) -> dict[str, str]:
    views = [session.read(p) for p in paths]
    edits = rename(views, session.read(path), offset, new)
    return {v.path.name: applied(v.text, [e for e in edits if e.place.path == v.path]) for v in views}


def test_rename_across_files(session: Session, tmp_path: Path) -> None:
    one, two = tmp_path / "one.cat", tmp_path / "two.cat"
    uses = 'from "one.cat" import attention\n\n# attention\nnet f : R[t, 8] -> R[t, 8] =\n'
    uses += "    attention: attention(heads = 2, d = 8)\n"
    session.change(one, ATTENTION)
    session.change(two, uses)
    changed = after_rename(session, [one, two], two, uses.index("attention(heads"), "mixing")
    assert changed["two.cat"] == uses.replace("import attention", "import mixing").replace(": attention(", ": mixing(")
    assert changed["one.cat"] == ATTENTION.replace("net attention", "net mixing").replace(
        "attention(heads =", "mixing(heads ="
    )
    changed = after_rename(session, [one, two], one, ATTENTION.index("heads"), "n_heads")
    assert changed["two.cat"] == uses.replace("heads = 2", "n_heads = 2")
    assert "h = n_heads)" in changed["one.cat"]
    assert "attention(n_heads = 4)" in changed["one.cat"]
    changed = after_rename(session, [one, two], one, ATTENTION.index("d] ->"), "width")
    assert changed["two.cat"] == uses.replace("d = 8", "width = 8")


@pytest.mark.parametrize(
    ("word", "new", "code"),
    [
        ("y = x", "left", "E0202"),
        ("y = x", "net", "E0101"),
        ("y = x", "3d", "E0101"),
        ("heads, causal", "d", "E0202"),
        ("attention(heads,", "tied", "E0202"),
        ("attention(heads,", "linear", "E0202"),
        ("linear(d), k", "lin", "E0201"),
    ],
)
def test_a_rename_that_would_change_a_meaning_is_refused(
    word: str, new: str, code: str, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "a.cat"
    session.change(path, ATTENTION)
    with pytest.raises(CatnetError) as caught:
        rename([], session.read(path), ATTENTION.index(word), new)
    assert caught.value.diagnostics[0].code == code


def test_a_rename_waits_for_items_that_cannot_be_read(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "a.cat"
    session.change(path, "net f : R[d] -> R[d] = id\n\nnet g : R[k] -> R[k] = f >>\n")
    with pytest.raises(CatnetError, match="syntax error"):
        rename([], session.read(path), 4, "h")
    assert rename([], session.read(path), 10, "dd")[0].text == "dd", "a name of its own that stands nowhere else"


def test_every_file_of_the_folders_is_searched(tmp_path: Path) -> None:
    for name in ("a.cat", "b/c.cat", ".hidden/d.cat", "node_modules/e.cat"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("net f : R[d] -> R[d] = id\n", encoding="utf-8")
    assert [v.path.name for v in Session([tmp_path]).everywhere()] == ["a.cat", "c.cat"]


def test_what_others_declare_is_not_renamed(session: Session, tmp_path: Path) -> None:
    text = 'from "std/transformer.cat" import block\n\nnet f : R[t, 64] -> R[t, 64] = block(8) >> relu\n'
    session.change(tmp_path / "a.cat", text)
    view = session.read(tmp_path / "a.cat")
    assert nameable(view, text.index("block(8)")) is None
    assert nameable(view, text.index("relu")) is None
    assert nameable(view, text.index("f :")) is not None


def test_hints(session: Session, tmp_path: Path) -> None:
    view, _ = see(session, tmp_path / "a.cat", ATTENTION)
    text = view.text
    for hint in reversed(hints(view, 0, len(text))):
        text = f"{text[: hint.offset]}<{hint.text}>{text[hint.offset :]}"
    assert (
        re.findall(r"(\S+ ?\S*)<(.*?)>", text)
        == [
            ("v: linear(d))", " R[t, d] @ R[t, d] @ R[t, d]"),
            (">> sdpa(causal", " R[heads, t, d//heads]"),
        ]
        or text.count("<") == 7
    )
    assert "y<: R[t, 64]> =" in text
    assert "left<: R[t, 64]>, right<: R[t, 64]> =" in text
    assert "_< R[t, vocab]> {" in text
    assert hints(view, 0, 0) == []


def test_a_fix_is_offered_where_the_mistake_is(session: Session, tmp_path: Path) -> None:
    view, offset = see(
        session, tmp_path / "a.cat", ATTENTION.replace("sdpa", "sdpaa|").replace(" where d % heads == 0", "")
    )
    assert [a.title for a in actions(view, offset, offset)] == ["write `sdpa`"]
    found = list(actions(view, 0, len(view.text)))
    assert "assume `d % heads == 0`" in [a.title for a in found]
    mended = applied(view.text, [a.edit for a in found if a.only and a.diagnostic.is_error])
    assert [d.code for d in see(session, tmp_path / "a.cat", mended)[0].diagnostics] == ["E0230"]


def test_formatting_touches_only_lines_that_change(session: Session, tmp_path: Path) -> None:
    view, _ = see(session, tmp_path / "a.cat", ATTENTION.replace("y = x >> table", "y=x>>table"))
    (edit,) = formatting(view)
    assert edit.text == "    y = x >> table\n"
    assert applied(view.text, [edit]) == format_source(view.layout.source)[0] == ATTENTION
    assert formatting(see(session, tmp_path / "a.cat", "net f(")[0]) == []


def test_outline_and_meanings(session: Session, tmp_path: Path) -> None:
    view, _ = see(session, tmp_path / "a.cat", ATTENTION)
    assert [(e.name, e.kind, e.detail) for e in outline(view)] == [
        ("attention", "net", "R[t, d] -> R[t, d]"),
        ("tied", "net", "(x: Fin(vocab)[t]) -> _"),
    ]
    found = {view.text[p.start : p.end]: (kind, defines) for p, kind, defines in reversed(list(meanings(view)))}
    assert found["attention"] == ("function", True)
    assert found["linear"] == ("method", False)
    assert found["y"] == ("variable", True)
    assert found["q"] == ("property", True)
    assert found["d"] == ("typeParameter", True)


def test_every_box_is_described() -> None:
    for name in VOCABULARY:
        assert describe.box(name).startswith("```catnet\n")


@given(st.text("a\n𝒳é→ ", max_size=20), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_places_there_and_back(text: str, units: Units) -> None:
    lines = Lines(text, units)
    for offset in range(len(text) + 1):
        line, column = lines.position(offset)
        assert lines.offset(line, column) == offset
        start = text.rfind("\n", 0, offset) + 1
        encoded = text[start:offset].encode({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(units, units))
        assert column == len(encoded) // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[units]
    assert lines.offset(99, 0) == len(text)
