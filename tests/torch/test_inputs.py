"""The one check of a compiled module: an input of the wrong type is refused in the words of the spec."""

from __future__ import annotations

import importlib.util
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import catnet
from catnet import InputError
from tests.boxes.helpers import compiled, program


def R(*shape: int) -> Tensor:
    return torch.randn(shape)


def Z(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.long)


def B(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.bool)


def C(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.complex64)


def passing(type_: str, where: str = "", **sizes: int) -> Any:
    """The module of a net that gives its inputs."""
    body = " @ ".join(["id"] * (type_.count("@") + 1))
    return compiled(f"net f : {type_} -> {type_} {where and 'where ' + where} = {body}", **sizes)


def refused(type_: str, *inputs: Tensor, where: str = "", **sizes: int) -> str:
    """What a module with these input types says to these inputs."""
    with pytest.raises(InputError) as caught:
        passing(type_, where, **sizes)(*inputs)
    return str(caught.value)


def taken(type_: str, *inputs: Tensor, where: str = "", **sizes: int) -> None:
    """A module with these input types takes these inputs."""
    out = passing(type_, where, **sizes)(*inputs)
    for ours, theirs in zip(out if isinstance(out, tuple) else (out,), inputs, strict=True):
        assert ours is theirs


# -- kinds -------------------------------------------------------------------------------------------------------

KINDS = {"R": "it must be real", "C": "it must be complex", "Z": "it must hold integers",
         "Fin(9)": "it must hold integers", "Bool": "it must be boolean"}  # fmt: skip
MAKERS = {"R": R, "C": C, "Z": Z, "Fin(9)": Z, "Bool": B}


@pytest.mark.parametrize("make", [R, Z, B, C], ids=["real", "integer", "boolean", "complex"])
@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind: str, make: Any) -> None:
    if make is MAKERS[kind]:
        taken(f"{kind}[3]", make(2, 3))
    else:
        assert KINDS[kind] in refused(f"{kind}[3]", make(2, 3))


def test_every_float_is_real_and_every_integer_width_is_an_integer() -> None:
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        taken("R[3]", torch.zeros(3, dtype=dtype))
    for dtype in (torch.int8, torch.uint8, torch.int32):
        taken("Z[3]", torch.zeros(3, dtype=dtype))


# -- shapes ------------------------------------------------------------------------------------------------------


def test_exact_messages() -> None:
    assert refused("R[t, 8]", R(2, 3, 9)) == (
        "`x` must be R[t, 8] (after any batch axes), but a tensor float32 of shape (2, 3, 9) came: axis -1 must be 8"
    )
    assert refused("R[t, 8]", Z(2, 3, 8)) == (
        "`x` must be R[t, 8] (after any batch axes), but a tensor int64 of shape (2, 3, 8) came: "
        "it must be real (floating point)"
    )
    assert refused("R[t, 8] @ R[t]", R(5, 3, 8), R(5, 4)) == (
        "`y` must be R[t] (after any batch axes), but a tensor float32 of shape (5, 4) came: axis -1 must be t"
    )
    assert refused("R[t]", R(2, 9), where="t <= 8") == (
        "`x` must be R[t] (after any batch axes), but a tensor float32 of shape (2, 9) came: the spec assumes t <= 8"
    )


def test_rank() -> None:
    assert "it needs at least 2 axes" in refused("R[t, d]", R(3))
    assert "it needs at least 1 axis" in refused("R[t]", R())
    taken("R[t, d]", R(2, 3))
    taken("R", R())


def test_fixed_sizes() -> None:
    assert "axis -2 must be 4" in refused("R[4, d]", R(2, 3, 8))
    assert "axis -1 must be 8" in refused("R[4, d]", R(2, 4, 7), d=8)
    taken("R[4, d]", R(2, 4, 8), d=8)


def test_a_size_is_one_number_within_an_input() -> None:
    assert "axis -2 must be n" in refused("R[n, n]", R(2, 3, 4))
    taken("R[n, n]", R(2, 3, 3))


def test_a_size_is_one_number_across_inputs() -> None:
    message = refused("R[t, 8] @ R[u] @ R[t, u]", R(3, 8), R(5), R(3, 6))
    assert message.startswith("`z` must be R[t, u]")
    assert message.endswith("axis -1 must be u")
    taken("R[t, 8] @ R[u] @ R[t, u]", R(3, 8), R(5), R(3, 5))


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("R[3*t]", [R(2, 6)], [R(2, 7)]),
        ("R[3*t + 1]", [R(2, 7)], [R(2, 6)]),
        ("R[3*t + 2]", [R(2, 2)], [R(2, 1)]),  # not even t = 0 gives 1
        ("R[t, 2*t]", [R(3, 6)], [R(3, 5)]),
        ("R[t] @ R[2*t + 1]", [R(3), R(7)], [R(3), R(6)]),
        ("R[2*t + 1] @ R[t]", [R(7), R(3)], [R(7), R(4)]),
        ("R[t//2] @ R[t]", [R(3), R(7)], [R(4), R(7)]),
        ("R[a*b] @ R[a]", [R(6), R(3)], [R(7), R(3)]),
        ("R[a*b] @ R[a] @ R[b]", [R(6), R(3), R(2)], [R(6), R(3), R(3)]),
        ("R[a + b] @ R[a] @ R[b]", [R(5), R(3), R(2)], [R(5), R(3), R(3)]),
        ("R[a + b] @ R[a]", [R(5), R(3)], [R(5), R(6)]),
        ("R[n^2] @ R[n]", [R(9), R(3)], [R(8), R(3)]),
    ],
)
def test_composite_sizes(type_: str, good: list[Tensor], bad: list[Tensor]) -> None:
    taken(type_, *good)
    assert "axis -1 must be " in refused(type_, *bad)


def test_where_clauses_on_sizes_that_stay_dynamic() -> None:
    assert "the spec assumes t % 4 == 0" in refused("R[t]", R(2, 6), where="t % 4 == 0")
    assert "the spec assumes t <= u" in refused("R[t] @ R[u]", R(7), R(6), where="t <= u")
    assert "the spec assumes t >= 3" in refused("R[2*t]", R(4), where="t >= 3")
    taken("R[t] @ R[u]", R(6), R(6), where="t <= u")
    taken("R[2*t]", R(6), where="t >= 3")


def test_a_where_clause_that_is_settled_when_compiling_is_not_asked_again() -> None:
    text = "net f(k) : R[d] -> R[d] where d % k == 0 = id"
    module = compiled(text, k=4, d=8)
    assert module(R(8)).shape == (8,)
    assert "assumes" not in program(text)["f"](k=4, d=8).source()
    assert "the spec assumes d % 4 == 0" in program(text)["f"](k=4).source()


# -- axis packs and batch axes -----------------------------------------------------------------------------------


def test_axis_packs() -> None:
    taken("R[...s, 3] @ R[...s, 4]", R(2, 5, 3), R(2, 5, 4))
    message = refused("R[...s, 3] @ R[...s, 4]", R(2, 5, 3), R(2, 6, 4))
    assert message.startswith("`y` must be R[...s, 4]")
    assert message.endswith("`...s` must be as in `x`")
    assert "axis -1 must be 3" in refused("R[...s, 3]", R(2, 4))


def test_batch_axes_must_agree() -> None:
    taken("R[3] @ R[4, 5]", R(2, 7, 3), R(2, 7, 4, 5))
    for shape in [(4, 5), (7, 4, 5), (7, 2, 4, 5), (1, 7, 4, 5)]:
        message = refused("R[3] @ R[4, 5]", R(2, 7, 3), R(*shape))
        assert message.startswith("`y` must be R[4, 5]")
        assert message.endswith("its batch axes must be those of `x`")


CONV = "net f : R[3, h, w] -> R[4, h, w] = conv(4, 3, padding = 1)"


def test_no_more_batch_axes_than_pytorch_takes() -> None:
    module = compiled(CONV)
    assert module(R(3, 5, 5)).shape == (4, 5, 5)
    assert module(R(2, 3, 5, 5)).shape == (2, 4, 5, 5)
    with pytest.raises(InputError, match="it may have at most 1 batch axis"):
        module(R(2, 2, 3, 5, 5))
    assert "At most 1 leading batch axis." in (type(module).__doc__ or "")


@pytest.mark.parametrize("body", ["batch_norm", "group_norm(2)", "relu >> batch_norm ^ 2"])
def test_no_fewer_batch_axes_than_pytorch_needs(body: str) -> None:
    module = compiled(f"net f : R[4, 4, 4] -> R[4, 4, 4] = {body}")
    assert module(R(2, 4, 4, 4)).shape == (2, 4, 4, 4)
    for shape in [(4, 4, 4), (2, 2, 4, 4, 4)]:
        with pytest.raises(InputError, match="it needs exactly 1 batch axis"):
            module(R(*shape))
    assert "Exactly 1 leading batch axis." in (type(module).__doc__ or "")


def test_a_norm_of_parameters_alone_gets_its_batch_axis() -> None:
    module = compiled("net f : R[4, 4, 4] -> R[4, 4, 4] = (parameter((4, 4, 4)) >> group_norm(2)) @ id >> add")
    x = R(5, 4, 4, 4)
    expected = x + torch.nn.functional.group_norm(module.parameter[None], 2)
    torch.testing.assert_close(module(x), expected)


def test_any_number_of_batch_axes_where_every_box_broadcasts() -> None:
    module = compiled("net f : R[8] -> R[3] = linear(4) >> relu >> linear(3)")
    for batch in [(), (2,), (2, 3), (1, 2, 3, 4), (0,)]:
        assert module(R(*batch, 8)).shape == (*batch, 3)


# -- several inputs, and the switch ------------------------------------------------------------------------------

THREE = """
net f : (image: R[3, 4], mask: Bool[4], index: Fin(5)[2]) -> R[3, 4] @ Bool[4] @ R[2, 6] {
    return image @ mask @ (index >> embedding(5, 6))
}
"""


@pytest.mark.parametrize(
    ("inputs", "name", "expected"),
    [
        ((R(3, 5), B(4), Z(2)), "image", "R[3, 4]"),
        ((R(3, 4), B(5), Z(2)), "mask", "Bool[4]"),
        ((R(3, 4), B(4), Z(3)), "index", "Fin(5)[2]"),
        ((R(3, 4), R(4), Z(2)), "mask", "Bool[4]"),
        ((R(3, 4), B(4), R(2)), "index", "Fin(5)[2]"),
        ((R(2, 3, 4), B(3, 4), Z(2, 2)), "mask", "Bool[4]"),
    ],
)
def test_the_message_names_the_input(inputs: tuple[Tensor, ...], name: str, expected: str) -> None:
    module = compiled(THREE)
    with pytest.raises(InputError) as caught:
        module(*inputs)
    assert str(caught.value).startswith(f"`{name}` must be {expected} (after any batch axes), but ")
    assert module(image=R(3, 4), mask=B(4), index=Z(2))[2].shape == (2, 6)


def test_switching_the_check_off() -> None:
    module = compiled("net f : R[3] -> R[3] = relu")
    with pytest.raises(InputError):
        module(R(2, 4))
    module.check_inputs = False
    assert module(R(2, 4)).shape == (2, 4)
    assert compiled("net f : R[3] -> R[3] = relu").check_inputs is True


def test_only_the_outer_module_checks() -> None:
    text = "net g : R[3] -> R[3] = relu\nnet f : R[3] -> R[3] = g >> linear(3)"
    source = program(text)["f"]().source()
    assert source.count("def _check") == source.count("self._check(") == 1


def test_an_input_error_is_a_value_error_with_the_same_face_everywhere() -> None:
    assert issubclass(InputError, ValueError)
    assert catnet.InputError is InputError


# -- the written source ------------------------------------------------------------------------------------------

OWN = """
import sys, torch
import written
assert not any(name.split(".")[0] == "catnet" for name in sys.modules), "catnet was imported"
try:
    written.FNet()(torch.zeros(2, 4))
except written.InputError as error:
    print(error)
"""


def test_the_written_source_raises_its_own_input_error(tmp_path: Path) -> None:
    text = "net f : R[3] -> R[3] = relu"
    path = tmp_path / "written.py"
    path.write_text(program(text)["f"]().source(), encoding="utf-8")
    with pytest.raises(InputError) as ours:
        compiled(text)(torch.zeros(2, 4))
    done = subprocess.run([sys.executable, "-c", OWN], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(ours.value)

    spec = importlib.util.spec_from_file_location("written_inputs", path)
    assert spec is not None
    assert spec.loader is not None
    written = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(written)
    assert written.InputError is not InputError
    assert issubclass(written.InputError, ValueError)


def test_the_error_crosses_processes() -> None:
    error = InputError("x", "R[3]", torch.ones(2), "axis -1 must be 3")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert "float32 of shape (2,)" in str(error)
