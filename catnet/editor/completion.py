"""What may be written at the cursor. The item around it is usually half-written: this asks its words, not its tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from catnet.boxes import VOCABULARY
from catnet.diagnostics import Source
from catnet.diagrams.box import Param
from catnet.editor import describe
from catnet.editor.highlight import COMBINATORS, NAME, OPERATORS, PUNCTUATION
from catnet.editor.names import KINDS
from catnet.editor.pieces import VALUES
from catnet.editor.view import View
from catnet.elaborate.evaluate import quantified
from catnet.elaborate.loading import STANDARD, Declaration, Module
from catnet.elaborate.program import NETS
from catnet.syntax import tree
from catnet.syntax.parser import parse
from catnet.syntax.scan import ITEM_WORDS, RESERVED, scan

Kind = Literal["net", "box", "argument", "axis", "parameter", "wire", "keyword", "kind", "value", "file"]


@dataclass(frozen=True)
class Offer:
    """A word that may stand at the cursor: what it is, a line about it, and the text that is put in its place."""

    word: str
    kind: Kind
    detail: str = ""
    text: str = ""


@dataclass(frozen=True)
class Word:
    """A token before the cursor."""

    text: str
    start: int


@dataclass
class Context:
    """Where the cursor stands in an item: the words before it, and the brackets that are open there."""

    words: list[Word]
    open: list[int]
    """The numbers of the words that are open brackets, outermost first."""
    keyword: str
    header: bool
    """Whether the body has not begun."""

    @property
    def before(self) -> str:
        return self.words[-1].text if self.words else ""

    @property
    def called(self) -> str:
        """The name whose arguments are written, or the empty string."""
        if not self.open or self.words[self.open[-1]].text != "(" or self.open[-1] == 0:
            return ""
        name = self.words[self.open[-1] - 1].text
        of_header = self.header and self.open[-1] <= 2
        return name if re.fullmatch(NAME, name) and name not in RESERVED and not of_header else ""

    @property
    def arguments(self) -> list[str]:
        """What is written of the arguments, each as text: `["8", "bias = true", ""]`."""
        parts, depth = [""], 0
        for word in self.words[self.open[-1] + 1 :]:
            depth += (word.text in "([{") - (word.text in ")]}")
            if word.text == "," and depth == 0:
                parts.append("")
            else:
                parts[-1] += word.text
        return parts


_TOKEN = re.compile(
    rf'\#[^\n]*|(?P<word>"(?:[^"\\\n]|\\.)*"?|[0-9]\w*|{NAME}|'
    + "|".join(re.escape(sign) for sign in (*OPERATORS, *PUNCTUATION))
    + ")"
)


def complete(view: View, offset: int) -> list[Offer]:
    """What may stand at a character; the word that is being written there does not count."""
    text = view.text
    start = offset
    while start > 0 and re.match(r"\w", text[start - 1]):
        start -= 1
    context = _context(text, start)
    if context is None:
        return []
    module = view.program.module
    if context.before.startswith('"') and not context.before.endswith('"', 1):
        return list(_files(view)) if [w.text for w in context.words[-2:-1]] == ["from"] else []
    if context.keyword == "from":
        return list(_imported(view, context))
    names = _Names(module, context, _header(text, start, context))
    return list({offer.word: offer for offer in names.offers()}.values())


def call_at(view: View, offset: int) -> tuple[str, int] | None:
    """The box or net whose arguments are written at a character, and the number of the one that is."""
    context = _context(view.text, offset)
    if context is None or not context.called:
        return None
    params = [p.name for p in parameters(view.program.module, context.called)[0]]
    key, sign, _ = context.arguments[-1].partition("=")
    return context.called, params.index(key) if sign and key in params else len(context.arguments) - 1


def _context(text: str, offset: int) -> Context | None:
    """The words of the item before an offset; None in a comment."""
    chunks = [chunk for chunk in scan(Source("", text[:offset])).chunks if chunk.start <= offset]
    begin = chunks[-1].start if chunks else 0
    keyword = (chunks[-1].keyword or "") if chunks else ""
    context = Context([], [], keyword, True)
    for match in _TOKEN.finditer(text, begin, offset):
        if match["word"] is None:
            if match.end() == offset and "\n" not in text[match.start() : offset]:
                return None
            continue
        word = match["word"]
        if word in ("(", "[", "{"):
            if word == "{" and not context.open:
                context.header = False
            context.open.append(len(context.words))
        elif word in (")", "]", "}") and context.open:
            context.open.pop()
        elif (word == "=" and not context.open) or (word == ":" and not context.open and keyword == "law"):
            context.header = False
        context.words.append(Word(word, match.start()))
    return context


def _header(text: str, offset: int, context: Context) -> tree.Net | None:
    """The header of the net around an offset, read without its body."""
    if context.keyword != "net" or context.header:
        return None
    depth = 0
    for word in context.words:
        depth += (word.text in "([{") - (word.text in ")]}")
        if (word.text == "=" and depth == 0) or (word.text == "{" and depth == 1):
            head = text[context.words[0].start : word.start]
            items = parse(Source("", f"{head}\n= _"))[0].items
            return items[0] if items and isinstance(items[0], tree.Net) else None
    return None


class _Names:
    """What can be named at one place."""

    def __init__(self, module: Module, context: Context, header: tree.Net | None) -> None:
        self.module = module
        self.context = context
        self.header = header

    def offers(self) -> Iterator[Offer]:
        context = self.context
        if not context.words or (not context.open and _ends(context.before)):
            # what is written may end here: only a word that goes on with it, or a new item
            going_on = ("where", "under", "on") if context.header else ("then", "else")
            ended = () if context.words and context.header else sorted(ITEM_WORDS)
            yield from (Offer(word, "keyword") for word in (*(going_on if context.words else ()), *ended))
            return
        if len(context.words) == 1 and context.keyword:
            return  # the name that is being declared
        called = context.called
        if called:
            yield from self.in_call(called)
        elif context.header:
            yield from self.in_header()
        elif context.keyword in ("group", "rep", "bundle"):
            yield from self.values()
        else:
            yield from self.in_body()

    def in_call(self, called: str) -> Iterator[Offer]:
        """Arguments that are not given yet, and what the one at the cursor may be."""
        params, extra = parameters(self.module, called)
        given = self.context.arguments
        named = {part.partition("=")[0] for part in given if "=" in part}
        key, sign, _ = given[-1].partition("=")
        param = next((p for p in params if p.name == key), None) if sign else None
        if not sign and not given[-1]:
            written = len([part for part in given[:-1] if "=" not in part])
            for number, option in enumerate(params):
                if option.name not in named and number >= written:
                    yield Offer(option.name, "argument", describe.parameter(option), f"{option.name} = ")
            yield from (
                Offer(name, "argument", f"a size of {called}", f"{name} = ") for name in extra if name not in named
            )
            positional = len(given) - 1
            param = params[positional] if positional < len(params) and not named else None
        yield from self.of_sort(param.sort if param is not None else "int" if params or extra else "net")

    def of_sort(self, sort: str) -> Iterator[Offer]:
        """What an argument of a sort may be."""
        if sort == "bool":
            yield from (Offer(word, "keyword") for word in ("true", "false"))
        elif sort == "net":
            yield from self.in_body()
            return
        elif sort in ("rep", "group", "bundle"):
            yield from self.values()
        yield from self.statics("axis" if sort == "axis" else "parameter")

    def in_header(self) -> Iterator[Offer]:
        """Kinds, sizes, and the words between a type and its body."""
        yield from (Offer(kind, "kind") for kind in KINDS)
        yield from self.statics("axis")
        yield from self.values()

    def in_body(self) -> Iterator[Offer]:
        """Diagrams: wires, nets and boxes."""
        yield from self.wires()
        for name in self.module.names:
            found = self.module.find(name)
            if found is not None and isinstance(found[1], NETS):
                yield Offer(name, "net", describe.head(found[1]).partition("\n")[0])
        yield from (Offer(name, "box", describe.call(cls)) for name, cls in VOCABULARY.items())
        yield from (Offer(name, "box", describe.COMBINATORS[name].partition("\n")[0]) for name in COMBINATORS)
        words = ("if", "then", "else", *(("return", "share") if self.context.open[:1] else ()))
        yield from (Offer(word, "keyword") for word in words)
        yield from self.statics("parameter")

    def statics(self, kind: Kind) -> Iterator[Offer]:
        """Static parameters and sizes; in a header that is not finished, every name that stands in it."""
        if self.header is not None:
            yield from (Offer(p.name, "parameter", "a static parameter") for p in self.header.params)
            yield from (Offer(name, "axis", "a size") for name in quantified(self.header))
            return
        head = [word.text for word in self.context.words[2:]] if self.context.header else []
        for name in dict.fromkeys(head):
            if re.fullmatch(NAME, name) and name not in RESERVED and name not in KINDS:
                yield Offer(name, kind)

    def values(self) -> Iterator[Offer]:
        """Groups, representations and bundles of the file, and the words that make them."""
        import catnet.symmetry.words  # noqa: F401  (fills the table)
        from catnet.types.spaces import BUNDLE_WORDS, FUNCTIONS

        for name in self.module.names:
            found = self.module.find(name)
            if found is not None and isinstance(found[1], VALUES):
                yield Offer(name, "value", describe.head(found[1]))
        yield from (Offer(name, "value") for name in sorted({*FUNCTIONS, *BUNDLE_WORDS}))

    def wires(self) -> Iterator[Offer]:
        """The wires and shared morphisms of a body that stand before the cursor."""
        if self.header is not None:
            dom = self.header.type.dom
            parts = dom.parts if isinstance(dom, tree.Fan) else (dom,)
            yield from (Offer(p.name, "wire", "an input") for p in parts if isinstance(p, tree.Label))
        words, opened = self.context.words, self.context.open
        if not opened or words[opened[0]].text != "{":
            return
        depth, names = 0, list[str]()
        for word, following in pairwise([*words[opened[0] + 1 :], Word("", 0)]):
            depth += (word.text in "([{") - (word.text in ")]}")
            if depth == 0 and re.fullmatch(NAME, word.text) and following.text in (",", "="):
                names.append(word.text)
            elif word.text != "," or depth:
                yield from (Offer(name, "wire") for name in names if name != "_" and word.text == "=")
                names = []


def parameters(module: Module, name: str) -> tuple[tuple[Param, ...], tuple[str, ...]]:
    """The static parameters of what a name means, and the sizes that may be given besides."""
    found = module.find(name)
    if found is not None:
        return describe.parameters(found[1]), quantified(found[1])
    return (VOCABULARY[name].params(), ()) if name in VOCABULARY else ((), ())


def _ends(word: str) -> bool:
    """Whether an expression or a type may end with a word."""
    return bool(re.fullmatch(rf'{NAME}|[0-9]\w*|[)\]}}]|".*"', word)) and word not in RESERVED - {"true", "false"}


def _files(view: View) -> Iterator[Offer]:
    """Files that may be imported."""
    beside = sorted(path.name for path in view.path.parent.glob("*.cat") if path != view.path)
    yield from (Offer(name, "file") for name in beside)
    yield from (Offer(f"std/{path.name}", "file") for path in sorted(STANDARD.glob("*.cat")))


def _imported(view: View, context: Context) -> Iterable[Offer]:
    """The names that the file of an import declares."""
    if not any(word.text == "import" for word in context.words):
        return [Offer("import", "keyword")] if context.before.endswith('"') else []
    written = context.words[1].text.strip('"')
    for path in (view.path.parent / written, STANDARD.parent / written):
        module = view.program.modules.get(Path(path)) or _read(view, path)
        if module is not None:
            return [
                Offer(name, "net", describe.head(item).partition("\n")[0])
                for name, item in module.declarations.items()
                if isinstance(item, Declaration)
            ]
    return []


def _read(view: View, path: Path) -> Module | None:
    """A file that nothing imports yet."""
    if not path.is_file() and path not in view.workspace.overlay:
        return None
    return view.workspace.program(path).module
