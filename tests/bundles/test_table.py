"""The laws and facts of a table of bundles, and the broken variants of it."""

from __future__ import annotations

import time

import pytest

from catnet.diagnostics import CatnetError
from tests.bundles.table import BROKEN, KNOWN


@pytest.mark.parametrize("name", KNOWN)
def test_laws_are_proved_and_facts_are_known(name: str) -> None:
    known = KNOWN[name]
    made = known.make()
    assert made.laws().proved, made.describe()
    facts = made.facts()
    assert (facts.orientable.value, facts.flat.value, facts.trivial.value) == (
        known.orientable,
        known.flat,
        known.trivial,
    ), made.describe()
    assert ("" if facts.degree is None else str(facts.degree.value)) == known.degree


@pytest.mark.parametrize("name", BROKEN)
def test_broken_ones_are_refuted_with_a_witness(name: str) -> None:
    broken = BROKEN[name]
    made = broken.make()
    with pytest.raises(CatnetError) as caught:
        made.check()
    assert [d.code for d in caught.value.diagnostics] == [broken.code], str(caught.value)
    law = made.laws().refuted[0]
    assert law.verdict.witness is not None
    assert law.verdict.witness.charts == broken.charts
    assert bool(law.verdict.witness.point) == broken.at_a_point


def test_the_table_is_long_and_quick() -> None:
    assert len(KNOWN) >= 20
    start = time.process_time()
    for known in KNOWN.values():
        known.make().describe()
    for broken in BROKEN.values():
        broken.make().describe()
    assert time.process_time() - start < 5.0
