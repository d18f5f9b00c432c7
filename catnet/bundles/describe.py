"""The text of `catnet bundle FILE NAME`: charts, laws with verdicts, and the facts that are decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catnet.bundles.facts import Facts
from catnet.bundles.laws import CODES, Laws
from catnet.bundles.verdicts import Law, Verdict

if TYPE_CHECKING:
    from catnet.bundles.bundle import Bundle

MOST = 12  # charts, transitions and faults that are listed


def describe(bundle: Bundle) -> str:
    """A bundle as text: what it is, its transitions, every law, and what follows.

    >>> from catnet.bundles import O, R, bundle, circle
    >>> turns = {("a", "b"): 1, ("b", "c"): 1, ("c", "a"): -1}
    >>> print(bundle("Moebius", circle(("a", "b", "c")), R(1), O(1), turns).describe())
    bundle Moebius : circle -> R[1] under O(1)
    <BLANKLINE>
    charts a, b, c
      a -> b : 1
      b -> c : 1
      c -> a : -1
    <BLANKLINE>
    laws
      transitions in the group, on 3 overlaps: proved (an element of O(1))
      cocycle: no three charts meet; see the holonomy
    <BLANKLINE>
    facts
      orientable: no (proved: w1 is -1 around a -> b -> c -> a)
      flat: yes (proved: every transition is constant)
      holonomy around, a -> b -> c -> a: -1
      trivial: no (proved: w1 is -1 around a -> b -> c -> a)
    """
    if bundle.base.data:
        return f"{_head(bundle)}\n\n{_learned(bundle) if bundle.base.learned else _DATA.format(bundle.base.kind)}"
    found = bundle.laws()
    parts = [_head(bundle), _charts(bundle), _laws(bundle, found)]
    if found.hold:
        parts.append(_facts(Facts(bundle)))
    else:
        parts.append("facts\n  none: a law is broken")
    return "\n\n".join(parts)


_DATA = "The {0} and the maps along its edges come as data: compiled nets check that maps are in the structure group."


def _learned(bundle: Bundle) -> str:
    """What is known and what is learned of a bundle over a base that is fitted to data."""
    size, charts = bundle.base.learned
    return f"""known
  base points: {size} coordinate{"s" * (size > 1)}, R[base({bundle.name})]
  charts: {charts}, balls with a partition of unity
  fibre: {bundle.fibre}, under {bundle.structure}
  a trivialisation is an isomorphism over each chart: by its structure

learned
  centres and radii, and which charts meet: fitted to base points, by `cover.fit(points)`
  transitions: those between the isomorphisms of neighbouring charts
  that they are in {bundle.structure}: trained; `consistency(t, fitted = true)` is the residual
  orientable, flat, trivial: not asked, the transitions being learned"""


def data(bundle: Bundle) -> dict[str, Any]:
    """A bundle as data for JSON: all that `describe` tells, with nothing cut.

    >>> from catnet.bundles import O, R, bundle, interval
    >>> found = data(bundle("E", interval(("a", "b")), R(1), O(1), {("a", "b"): -1}))
    >>> found["transitions"], found["laws"][0]["answer"], found["facts"]["trivial"]["value"]
    ([{'source': 'a', 'target': 'b', 'matrix': [['-1']]}], 'proved', True)
    """
    found, learned = bundle.laws(), bundle.base.learned
    rows = []
    for (a, b), transition in bundle.transitions.items():
        matrix = transition.matrix
        text = None if matrix is None else [[repr(entry) for entry in row] for row in matrix.rows]
        rows.append(
            {"source": a, "target": b, **({"learned": str(transition.word)} if text is None else {"matrix": text})}
        )
    return {
        "name": bundle.name,
        "base": str(bundle.base),
        "fibre": str(bundle.fibre),
        "group": str(bundle.structure),
        "origin": bundle.origin,
        **({"learned": dict(zip(("coordinates", "charts"), learned, strict=True))} if learned else {}),
        "parameters": dict(bundle.parameters),
        "assumed": [f"{condition} = 0" for condition in bundle.given],
        "charts": {name: [c.name for c in coordinates] for name, coordinates in bundle.base.charts.items()},
        "transitions": rows,
        "laws": [law.json() for law in found.all],
        "holds": found.hold,
        "facts": Facts(bundle).json() if found.hold and not bundle.base.data else None,
    }


def _head(bundle: Bundle) -> str:
    lines = [str(bundle)]
    if bundle.origin:
        lines.append(f"  {bundle.origin}")
    if bundle.parameters:
        lines.append("  " + ", ".join(f"{name}: {sort}" for name, sort in bundle.parameters.items()))
    if bundle.given:
        lines.append("  assumed: " + ", ".join(f"{condition} = 0" for condition in bundle.given))
    return "\n".join(lines)


def _charts(bundle: Bundle) -> str:
    charts = [f"{c}({', '.join(x.name for x in xs)})" if xs else c for c, xs in bundle.base.charts.items()]
    lines = [f"charts {_cut(charts, ', ')}"]
    for (a, b), transition in list(bundle.transitions.items())[:MOST]:
        lines.append(f"  {a} -> {b} : {transition.word if transition.matrix is None else transition.matrix.text}")
    if len(bundle.transitions) > MOST:
        lines.append(f"  and {len(bundle.transitions) - MOST} more transitions")
    return "\n".join(lines)


def _cut(texts: list[str], between: str) -> str:
    more = f"{between}and {len(texts) - MOST} more" if len(texts) > MOST else ""
    return between.join(texts[:MOST]) + more


def _laws(bundle: Bundle, found: Laws) -> str:
    lines = ["laws"]
    for name in CODES:
        places = found.of(name)
        if places:
            broken = [law for law in places if not law.verdict.holds]
            lines += _broken(name, broken, len(places)) if broken else [_holding(name, places, found)]
    if bundle.base.discrete:
        lines.append("  cocycle: not asked of edges that transport; see the curvature")
    elif not bundle.base.triples:
        lines.append("  cocycle: no three charts meet; see the holonomy")
    return "\n".join(lines)


def _holding(name: str, places: list[Law], found: Laws) -> str:
    where = "triple overlap" if name == "cocycle" else "overlap"
    return f"  {name}, on {len(places)} {where}{'s' * (len(places) > 1)}: {_said(places, found.verdict(name))}"


def _said(places: list[Law], weakest: Verdict) -> str:
    """The weakest verdict, with all methods where everything is proved."""
    methods = dict.fromkeys(law.verdict.method for law in places)
    return f"proved ({'; '.join(methods)})" if weakest.answer == "proved" else str(weakest)


def _broken(name: str, broken: list[Law], places: int) -> list[str]:
    lines = [f"  {name}: refuted on {len(broken)} of {places}"]
    return lines + [f"    {law.verdict.witness}" for law in broken[:MOST]]


def _facts(facts: Facts) -> str:
    lines = ["facts", f"  {facts.orientable}", f"  {facts.flat}"]
    lines += [f"  {holonomy}" for holonomy in facts.holonomies[:MOST]]
    if facts.degree is not None:
        lines.append(f"  degree {facts.degree.value} ({facts.degree.verdict})")
    return "\n".join([*lines, f"  {facts.trivial}"])
