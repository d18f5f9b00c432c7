"""Reading `-p NAME=VALUE`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catnet.cli.arguments import parameters
from catnet.diagnostics import CatnetError

VALUES = [
    ("64", 64),
    ("-1", -1),
    ("+3", 3),
    ("0.1", 0.1),
    ("1e-5", 1e-5),
    (".5", 0.5),
    ("true", True),
    ("false", False),
    ("tanh", "tanh"),
    ('"two words"', "two words"),
    ("'t (h c) -> h t c'", "t (h c) -> h t c"),
    ("(3,5)", (3, 5)),
    ("(3,)", (3,)),
    ("( 3 , 0.5 )", (3, 0.5)),
    (" 8 ", 8),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_values(text: str, value: Any) -> None:
    found = parameters([f"d={text}"])["d"]
    assert found == value
    assert type(found) is type(value)


REFUSED = ["d", "=3", "3=d", "d=", "d=()", "d=(1,,2)", "d=((1,2))", "d=(1", 'd="', "d=1;2", "d=nan(", "d d=3"]
LARGE = ["d=1e999", f"d={'9' * 101}", f"d=({','.join('1' * 65)})"]


@pytest.mark.parametrize("text", [*REFUSED, *LARGE])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(CatnetError) as caught:
        parameters([text])
    assert caught.value.diagnostics[0].code == "E0603"


def test_a_name_is_given_once() -> None:
    with pytest.raises(CatnetError, match="given twice"):
        parameters(["d=3", "d=4"])


@given(st.text())
def test_any_text_is_a_value_or_refused(text: str) -> None:
    try:
        found = list(parameters([f"d={text}"]))
    except CatnetError as error:
        found = [diagnostic.code for diagnostic in error.diagnostics]
    assert found in (["d"], ["E0603"])
