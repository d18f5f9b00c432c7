"""Groups and representations of a file: their declarations, and what a net says about who acts on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import CatnetError, fail
from catnet.elaborate.arguments import coerce, match
from catnet.elaborate.evaluate import net_params
from catnet.elaborate.loading import Module
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.spaces import FUNCTIONS, Member, Space
from catnet.types.static import Unknown, describe, evaluate

if TYPE_CHECKING:
    from catnet.symmetry.groups import Group

_BEING_READ: list[int] = []  # the declarations whose value is being worked out, so that a circle is seen


def members(module: Module) -> Mapping[str, Any]:
    """The groups, representations and bundles that can be named in a file, by name; a broken one is `Unknown`.

    A declaration with parameters is a function of them. A bundle is what an axis with its fibre coordinates carries.
    """
    if module.members is None:
        module.members = {}
        declared = {**{n: (module, d) for n, d in module.declarations.items()}, **module.imported}
        wanted = {n: home for n, home in declared.items() if isinstance(home[1], (tree.Group, tree.Rep))}
        for name, (home, item) in wanted.items():
            assert isinstance(item, (tree.Group, tree.Rep))
            try:
                module.members[name] = value_of(home, item)
            except CatnetError:  # told where it is declared
                module.members[name] = Unknown(name, type(item).__name__.lower())
        bundles = {n: home for n, home in declared.items() if isinstance(home[1], (tree.Bundle, tree.Derived))}
        if bundles:
            from catnet.elaborate.bundles import carried  # which reads the groups of this table

            for name, (home, item) in bundles.items():
                assert isinstance(item, (tree.Bundle, tree.Derived))
                module.members[name] = carried(home, item)
    return module.members


def value_of(module: Module, item: tree.Group | tree.Rep) -> Any:
    """What a declaration means: a group, a representation, or a function that gives one.

    Raises `CatnetError` with the place.
    """
    if not item.params:
        value = _value(module, item, {})
        value = value.named(item.name) if isinstance(value, Space) else value
        if module.members is not None:
            module.members[item.name] = value
        return value
    if item.name in FUNCTIONS:
        fail("E0730", f"`{item.name}(...)` is a word of the language already", item.span, help="take another name")
    params = net_params(item)

    def made(*args: Any, **named: Any) -> Any:
        given = match(item.name, params, [(a, None) for a in args], {k: (v, None) for k, v in named.items()}, None)
        values = {p.name: p.default for p in params} | {k: v for k, (v, _) in given.items()}
        known = {p.name: coerce(item.name, p, values[p.name], None) for p in params}
        value = _value(module, item, known)
        label = f"{item.name}({', '.join(str(getattr(v, 'label', '') or v) for v in known.values())})"
        return value.named(label) if isinstance(value, Space) else value

    return made


def _value(module: Module, item: tree.Group | tree.Rep, params: Mapping[str, Any]) -> Any:
    def lookup(name: str) -> Any:
        if name in params:
            return params[name]
        found = module.find(name)
        if found is None or not isinstance(found[1], (tree.Group, tree.Rep)):
            return None
        if id(found[1]) in _BEING_READ:
            fail("E0730", f"`{name}` is declared by itself", item.span, help="say it by what is known before")
        known = members(module).get(name)
        return value_of(found[0], found[1]) if known is None or isinstance(known, Unknown) else known

    _BEING_READ.append(id(item))
    try:
        value = evaluate(item.value, lookup, module.names)
    finally:
        _BEING_READ.pop()
    if isinstance(value, Unknown):
        raise CatnetError()  # told where the unknown one is declared
    wanted = "group" if isinstance(item, tree.Group) else "representation"
    if not isinstance(value, Member) or isinstance(value, Space) != isinstance(item, tree.Rep):
        example = "group G = S(n), SO(3), D(4)" if wanted == "group" else "rep V = 8*trivial(G) + 4*vector(G)"
        fail("E0730", f"a {wanted} is expected here, not {describe(value)}", item.value.span, help=f"such as {example}")
    return value


def acting(under: tuple[tree.Under, ...], module: Module, dims: Mapping[str, Any]) -> list[tuple[Group, tree.Under]]:
    """The groups that a net says act on it, at the values of its sizes; raises `CatnetError`."""
    return acting_in(under, {**members(module), **dims}, free=False)


def acting_in(
    under: Iterable[tree.Under], statics: Mapping[str, Any], free: bool = True
) -> list[tuple[Group, tree.Under]]:
    """The groups of some clauses, where names mean this; with `free`, a name that is not known is a size."""
    found: list[tuple[Group, tree.Under]] = []
    for clause in under:
        known = [name for name in statics if name]
        value = evaluate(clause.group, lambda name: statics.get(name, _size(name) if free else None), known)
        if isinstance(value, Unknown):
            raise CatnetError()
        if not isinstance(value, Member) or isinstance(value, Space):
            hint = "write under S(n) on n, or under G for a declared group"
            fail("E0730", f"a group is expected after `under`, not {describe(value)}", clause.group.span, help=hint)
        found.append((value, clause))  # type: ignore[arg-type]
    return found


def _size(name: str) -> Dim | None:
    return None if name[0].isupper() else Dim.sym(name)


def symbols(net: tree.Net, universals: frozenset[str]) -> dict[str, Dim]:
    """Every size of a net as a symbol."""
    return {n: Dim.sym(n) for n in (*universals, *(p.name for p in net_params(net) if p.sort == "int"))}
