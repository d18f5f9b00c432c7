"""Programs that would grow without end are checked quickly, and refused with E0217 or E0218 before they grow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from catnet.diagnostics import CatnetError
from catnet.elaborate.program import Program

SECONDS = 20.0  # far more than each needs, far less than what growing would take


@contextmanager
def quickly() -> Iterator[None]:
    """The work inside must not grow with the size that the text speaks of."""
    start = time.process_time()
    yield
    assert time.process_time() - start < SECONDS


def codes(text: str) -> list[str]:
    return [d.code for d in Program.from_text(text).check() if d.is_error]


def refused(text: str, *args: int) -> str:
    """The code with which compiling `main` is refused; the empty string if it is not."""
    try:
        Program.from_text(text)["main"](*args).compile()
    except CatnetError as error:
        return error.diagnostics[0].code
    return ""


TOWER = "net main(n) : R[4] -> R[4] = if n == 0 then relu else linear(4) >> main(n - 1)"


def test_two_hundred_levels_of_recursion() -> None:
    diagram = Program.from_text(TOWER)["main"](200)
    assert diagram.graph.size == 201
    module = diagram.compile()
    x = torch.randn(2, 4)
    assert module(x).shape == (2, 4)
    keys = list(module.state_dict())
    assert len(keys) == 400
    assert max(key.count(".") for key in keys) == 200
    assert diagram == Program.from_text("net main : R[4] -> R[4] = linear(4) ^ 200 >> relu")["main"]()


def test_recursion_that_is_too_deep_names_the_chain() -> None:
    with quickly(), pytest.raises(CatnetError) as caught:
        _ = Program.from_text(TOWER)["main"](100_000).graph
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0217"
    assert "main(n = 100000) > main(n = 99999)" in str(diagnostic.notes)


@pytest.mark.parametrize(
    "text",
    [
        "net main : R[4] -> R[4] = relu >> main",
        "net main : R[4] -> R[4] = a\nnet a : R[4] -> R[4] = b\nnet b : R[4] -> R[4] = (a, id) >> add",
        "net main(n = 3) : R[4] -> R[4] = if n == 0 then relu else main(n)",
        "net main(n = 3) : R[4] -> R[4] = if n == 0 then relu else main(n + 1)",
        "net main(n = 1) : R[4] -> R[4] = if n == 0 then relu else main(n - 2)",
    ],
)
def test_recursion_without_end(text: str) -> None:
    with quickly():
        assert set(codes(text)) == {"E0217"}


def test_a_wire_may_have_the_name_of_its_net() -> None:
    assert codes("net mask : (mask: R[4]) -> R[4] = mask >> relu") == []
    assert codes("net gate : (x: R[4]) -> R[4] {\n    gate = x >> sigmoid\n    return x * gate\n}") == []
    assert codes("net twice(twice) : R[4] -> R[4] = relu ^ twice") == []


def doubling(levels: int, how: str) -> str:
    lines = ["net a0 : R[4] -> R[4] = linear(4)"]
    lines += [f"net a{i + 1} : R[4] -> R[4] = {how.format(f'a{i}')}" for i in range(levels)]
    return "\n".join(lines).replace(f"net a{levels} ", "net main ")


@pytest.mark.parametrize("how", ["{0} >> {0}", "{0} + {0}", "({0}, {0}) >> mul", "{0} ^ 2", "(id @ id) >> (id @ id)"])
@pytest.mark.parametrize("levels", [20, 60])
def test_doubling_definitions(how: str, levels: int) -> None:
    if how.startswith("(id @"):
        how = "copy >> (id @ {0}) >> ({0} @ id) >> add"
    with quickly():
        assert codes(doubling(levels, how)) == []
        assert refused(doubling(levels, how)) == "E0218"


def test_doubling_below_the_budget_is_compiled() -> None:
    assert refused(doubling(6, "{0} >> {0}")) == ""


@pytest.mark.parametrize(
    "body",
    [
        "linear(4) ^ 1000000000000",
        "linear(4) ^ (10^18)",
        "(((linear(4) ^ 1000) ^ 1000) ^ 1000) ^ 1000",
        "(relu ^ 500) ^ 500",
        "seq(i in 0..1000000000000, linear(4))",
    ],
)
def test_huge_repeats_are_not_compiled(body: str) -> None:
    with quickly():
        assert refused(f"net main : R[4] -> R[4] = {body}") == "E0218"


@pytest.mark.parametrize("body", ["linear(4) ^ 1000000000000", "((linear(4) ^ 99999) ^ 99999) ^ 99999"])
def test_huge_repeats_are_checked_like_small_ones(body: str) -> None:
    with quickly():
        assert codes(f"net main : R[4] -> R[4] = {body}") == []
        assert codes(f"net main : R[4] -> R[5] = {body}") == ["E0203"]


def test_a_repeat_that_only_passes_its_input_on_is_nothing() -> None:
    with quickly():
        _ = Program.from_text("net main : R[4] -> R[4] = id ^ 1000000000")["main"]().graph


@pytest.mark.parametrize(
    "body",
    ["each(copy) ^ 60 >> drop", "(id, id) ^ 60 >> drop", "copy(100000000000) >> drop", "((id, id) ^ 60, id) >> drop"],
)
def test_wires_that_double(body: str) -> None:
    with quickly():
        assert "E0218" in codes(f"net main : R[4] -> () = {body}")


def test_named_wires_that_double() -> None:
    lines = "\n".join(f"    a{i + 1} = (a{i}, a{i})" for i in range(60))
    with quickly():
        assert "E0218" in codes(f"net main : (a0: R[4]) -> R[4] {{\n{lines}\n    return a60 >> add\n}}")


@pytest.mark.parametrize("size", ["2^(10^6)", "9^(9^9)", "(a + b + c + d + e + f)^16", "10^30"])
def test_huge_dimensions(size: str) -> None:
    with quickly():
        found = codes(f"net main(a, b, c, d, e, f) : R[4] -> R[4] = linear({size}) >> linear(4)")
    assert found == ([] if size == "10^30" else ["E0225"])


def test_the_budget_is_an_option(tmp_path: Path) -> None:
    path = tmp_path / "main.cat"
    path.write_text("net main : R[4] -> R[4] = relu ^ 100", encoding="utf-8")
    Program(path)["main"]().compile()
    Program(path, budget=100)["main"]().compile()
    with pytest.raises(CatnetError, match="E0218"):
        Program(path, budget=50)["main"]().compile()
