"""A user's own box: `@catnet.box` makes a class a box of the language, by the rules that our own boxes keep.

What is wrong with the class is told where it stands, when it is declared (E0504, E0505); what its methods give is
looked at when they are called (E0506). Our own boxes go through the same checks in a test instead, so that importing
the vocabulary costs nothing.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform, get_args, get_type_hints

from catnet.boxes import VOCABULARY
from catnet.diagnostics import CatnetError, Diagnostic, Note, Source, Span, fail
from catnet.diagrams.box import SORTS, Box, Effect, Kept, MapKind, Site, UnboundSize
from catnet.diagrams.box import box as registered
from catnet.diagrams.labels import refusal
from catnet.diagrams.terms import Diagram
from catnet.elaborate.arguments import SORT_WORDS, converted
from catnet.elaborate.evaluate import COMBINATORS
from catnet.syntax.scan import RESERVED
from catnet.types.dims import Dim, DimError
from catnet.types.infer import TypeProblem
from catnet.types.wires import ObjectVar, Pack, Wire

__all__ = ["box", "wrong"]

B = TypeVar("B", bound=Box)

_PACKAGE = Path(__file__).parent
_WORDS = {"R", "C", "Z", "Bool", "Fin", *COMBINATORS, "fan", "share", "float", "int", "bool", "str"}


@dataclass_transform(frozen_default=True)
def box(name: str, family: str, *aliases: str) -> Callable[[type[B]], type[B]]:
    """Declare a box of your own: a class decorator that puts a `catnet.Box` into the vocabulary under `name`.

    `family` groups the boxes in `catnet explain boxes` and chooses the picture; `aliases` are further words for the
    same box. The class becomes a frozen dataclass whose fields are the static arguments. From then on `name` is a box
    in `.cat` files that are checked in this process, and `catnet.NAME` builds diagrams. The class may be declared again
    (a reloaded module, a notebook's cell); another class of the same name is refused.

    Raises `CatnetError`: E0504 for a name that cannot be used, E0505 for a class that breaks the rules of boxes. Its
    methods raise E0506 later, where they fail or give something else than they should.
    """

    def declare(cls: type[B]) -> type[B]:
        place = _place(cls)
        for word in (name, *aliases):
            why = _unusable(word, cls)
            if why:
                fail("E0504", f"a box cannot be called `{word}`: {why}", place, help="choose another name")
        _before(cls, place)
        for word in [w for w, old in VOCABULARY.items() if _same(old, cls)]:
            del VOCABULARY[word]
        made = registered(name, family, *aliases)(cls)
        found = list(wrong(made))
        if found:
            for word in (name, *aliases):
                del VOCABULARY[word]
            raise CatnetError(*found)
        if made.arity == 1 and made.signature:  # what the signature says need not be said twice
            made.arity = len(made.type_rule()[0].dom)
        for method in _RESULTS.keys() & _methods(made):
            setattr(made, method, _guarded(made, method))
        return made

    return declare


def _same(old: type[Box], new: type[Box]) -> bool:
    """Whether a class is an earlier declaration of another one."""
    return (old.__module__, old.__qualname__) == (new.__module__, new.__qualname__)


def _unusable(word: str, cls: type[Box]) -> str:
    """Why a word cannot name a box; the empty string if it can."""
    if word in RESERVED or word in _WORDS:
        return "it is a word of the language"
    if not word.isascii() or not word.isidentifier() or not word[0].islower():
        return "a name is ASCII letters, digits and `_`, and starts with a lower-case letter"
    taken = VOCABULARY.get(word)
    if taken is not None and not _same(taken, cls):
        return f"there is a box of that name, `{taken.__module__}.{taken.__qualname__}`"
    import catnet

    if word in vars(catnet) or (_PACKAGE / word).is_dir() or (_PACKAGE / f"{word}.py").is_file():
        return f"`catnet.{word}` is something else"
    return refusal(word)


# -- the rules of a class ------------------------------------------------------------------------------------------


def _before(cls: type[Box], place: Span | None) -> None:
    """What must be right for the class to be made a dataclass; also turns defaults such as 4 into `Dim`s."""
    if not (isinstance(cls, type) and issubclass(cls, Box)):
        shown = getattr(cls, "__name__", cls)
        fail("E0505", f"`{shown}` is not a `catnet.Box`", place, help="write class NAME(catnet.Box)")
    for field in vars(cls).get("__annotations__", {}):
        if hasattr(Box, field) and not _is_class_variable(cls, field):
            fail("E0505", f"`{field}` would be a static argument of `{cls.__name__}`: it is annotated", place,
                 help=f"write `{field} = ...`, or annotate it as ClassVar")  # fmt: skip
    try:
        hints = get_type_hints(cls)
    except Exception as error:
        fail("E0505", f"the annotations of `{cls.__name__}` cannot be read: {error}", place,
             help="names in annotations of static arguments must exist when the class is declared")  # fmt: skip
    for field in vars(cls).get("__annotations__", {}):
        sort = SORTS.get(hints[field])
        if sort is None or _is_class_variable(cls, field) or field not in vars(cls):
            continue
        default = converted(sort, vars(cls)[field])
        if default is None:
            wanted = f"`{field}` of `{cls.__name__}` is {SORT_WORDS[sort]}, its default is {vars(cls)[field]!r}"
            fail("E0505", wanted, place, help="give a default of that sort, or none")
        setattr(cls, field, default)


def _is_class_variable(cls: type, field: str) -> bool:
    return "ClassVar" in str(vars(cls)["__annotations__"][field])


def wrong(cls: type[Box]) -> Iterator[Diagnostic]:
    """What is wrong with a box class, made a dataclass already."""
    place = _place(cls)

    def problem(message: str, help: str = "", span: Span | None = place) -> Diagnostic:
        notes = (Note("the class is here", place),) if span is not place and place is not None else ()
        return Diagnostic("E0505", message, span, notes=notes, help=help)

    yield from _wrong_fields(cls, problem)
    yield from _wrong_type(cls, problem)
    for attribute, allowed in (("effect", get_args(Effect)), ("map_kind", get_args(MapKind))):
        value = getattr(cls, attribute)
        if not isinstance(value, property) and value not in allowed:
            words = ", ".join(f'"{word}"' for word in allowed)
            yield problem(f"`{attribute}` of `{cls.name}` is one of {words}, not {value!r}")
    own = _methods(cls)
    if not own & {"code", "module", "statements"}:
        yield problem(f"`{cls.name}` says no code", "define `code`, which gives an expression, or `module`, a layer")
    if "parameters" in own and "module" not in own:
        yield problem(f"`{cls.name}` has parameters, but no `module` that makes them",
                      "`module` gives the expression of what holds them, such as nn.Linear(8, 8)")  # fmt: skip
    if bool(cls.dagger_signature) != ("dagger_code" in own):
        yield problem(f"`{cls.name}` has one of `dagger_signature` and `dagger_code`",
                      "a box with a transpose has both")  # fmt: skip


def _wrong_fields(cls: type[Box], problem: Callable[..., Diagnostic]) -> Iterator[Diagnostic]:
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        hint = hints[field.name]
        if hint in SORTS or field.name == cls.open_keywords or (isinstance(hint, type) and issubclass(hint, Diagram)):
            continue
        shown = hint.__name__ if isinstance(hint, type) else str(hint)
        help = "a whole number is a `catnet.Dim`, so that it may be symbolic" if hint is int else (
            "the sorts are catnet.Dim, float, bool, str, catnet.AxisRef, tuple[catnet.Dim, ...] and catnet.Diagram"
        )  # fmt: skip
        yield problem(f"`{field.name}` of `{cls.name}` is a `{shown}`, which is no sort of static argument", help)


def _wrong_type(cls: type[Box], problem: Callable[..., Diagnostic]) -> Iterator[Diagnostic]:
    if not cls.signature:
        if "rule" not in _methods(cls):
            help = 'write signature = "R[...s, d] -> R[...s, d]", or define `rule`'
            yield problem(f"`{cls.name}` says no type", help)
        return
    try:
        signature, clauses = cls.type_rule()
    except CatnetError as error:
        for found in error.diagnostics:
            yield problem(f"the type of `{cls.name}` cannot be read: {found.message}", found.help, found.span)
        return
    given = {p.name for p in cls.params() if p.sort == "int"}
    inputs = [p for p in signature.dom if isinstance(p, Wire)]
    bound = given.union(*(w.symbols for w in inputs))
    packs = {a for w in inputs for a in w.axes if isinstance(a, Pack)}
    for port in signature.cod:
        if isinstance(port, ObjectVar):
            free = [] if port in signature.dom else [port.name]
        else:
            free = sorted(port.symbols - bound)
            free += [str(a) for a in port.axes if isinstance(a, Pack) and a not in packs]
        for name in free:
            yield problem(f"`{name}` stands only in the output of `{cls.signature}`",
                          "let it stand in the input, or make it a static argument")  # fmt: skip
    for clause in clauses:
        for name in sorted(getattr(clause, "symbols", frozenset()) - bound):
            yield problem(f"`{name}` of `{clause}` stands neither in the type nor among the arguments of `{cls.name}`")
    count = len(signature.dom)
    if "arity" in _methods(cls) and not isinstance(cls.arity, property) and cls.arity not in (count, None):
        yield problem(f"`{cls.name}` has arity {cls.arity}, its type has {count} inputs", "leave `arity` out")


def _methods(cls: type[Box]) -> set[str]:
    """The names that a class or its bases define besides `Box`."""
    return {name for base in cls.__mro__ if base not in (Box, object) for name in vars(base)}


# -- what methods give ---------------------------------------------------------------------------------------------


def _guarded(cls: type[Box], name: str) -> Callable[..., Any]:
    """A method of a box that says so, with its place, where it fails or gives what it must not."""
    method = getattr(cls, name)
    wanted, check = _RESULTS[name]

    @functools.wraps(method)
    def call(self: Box, *args: Any) -> Any:
        try:
            result = method(self, *args)
        except (CatnetError, TypeProblem, UnboundSize, DimError, MemoryError, RecursionError):
            raise
        except Exception as error:
            words = f"`{name}` of the box `{cls.name}` failed: {type(error).__name__}: {error}"
            raise CatnetError(Diagnostic("E0506", words, _place(method))) from error
        why = check(result, args)
        if why is not None:
            words = f"`{name}` of the box `{cls.name}` must give {wanted}: {why or f'it gives {result!r}'}"
            raise CatnetError(Diagnostic("E0506", words, _place(method)))
        return result

    return call


Check = Callable[[Any, tuple[Any, ...]], str | None]  # None: right; else why not ("": the value itself says it)


def _of(*types: Any) -> Check:
    return lambda value, _: None if isinstance(value, types) else ""


def _all_of(container: Any, check: Callable[[Any], bool]) -> Check:
    return lambda value, _: None if isinstance(value, container) and all(map(check, value)) else ""


def _shapes(value: Any, _: tuple[Any, ...]) -> str | None:
    right = isinstance(value, dict) and all(
        isinstance(k, str) and isinstance(v, tuple) and all(isinstance(d, Dim) for d in v) for k, v in value.items()
    )
    return None if right else ""


def _expression(value: Any, args: tuple[Any, ...]) -> str | None:
    """An expression in Python with as many results as the box has outputs, where that can be read off."""
    if not isinstance(value, str):
        return ""
    try:
        body = ast.parse(value, mode="eval").body
    except SyntaxError as error:
        return f"`{value}` is none ({error.msg})"
    site: Site = args[0]
    count = len(body.elts) if isinstance(body, ast.Tuple) else None
    if count is not None and count != len(site.outputs) and len(site.outputs) != 0:
        return f"`{value}` has {count} results, the box has {len(site.outputs)} output{'s' * (len(site.outputs) != 1)}"
    return None


def _module(value: Any, args: tuple[Any, ...]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return ""
    try:
        ast.parse(value, mode="eval")
    except SyntaxError as error:
        return f"`{value}` is none ({error.msg})"
    return None


def _lines(value: Any, args: tuple[Any, ...]) -> str | None:
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
        return ""
    try:
        ast.parse("\n".join(value))
    except SyntaxError as error:
        return f"{list(value)} are none ({error.msg})"
    return None


_RESULTS: dict[str, tuple[str, Check]] = {
    "rule": ("a tuple of wires", _all_of(tuple, lambda w: isinstance(w, Wire))),
    "parameters": ("a dict from names to tuples of `Dim`", _shapes),
    "flops": ("a `Dim`", _of(Dim)),
    "kept": ("a `Kept` or None", _of(Kept, type(None))),
    "inverse": ("a box or None", _of(Box, type(None))),
    "module": ("a Python expression, as text, or None", _module),
    "code": ("a Python expression, as text", _expression),
    "dagger_code": ("a Python expression, as text", _module),
    "statements": ("Python statements, as a list of texts", _lines),
    "gives_batch": ("True or False", _of(bool)),
    "sign": ("a text", _of(str)),
}
"""What each method of a box must give: in words, and as a check of the value."""


def _place(thing: Any) -> Span | None:
    """The line that declares a class or a method, where its source is known."""
    try:
        file = inspect.getsourcefile(thing)
        lines, first = inspect.getsourcelines(thing)
    except (OSError, TypeError):
        return None
    at = next((i for i, line in enumerate(lines) if line.lstrip().startswith(("class ", "def "))), 0)
    text = "".join(inspect.findsource(thing)[0])
    name = os.path.relpath(file) if file is not None and Path(file).is_relative_to(Path.cwd()) else str(file)
    source = Source(name, text)
    line = lines[at].rstrip()
    start = source.line_starts[max(first, 1) - 1 + at] + len(line) - len(line.lstrip())
    return Span(source, start, start + len(line.strip()))
