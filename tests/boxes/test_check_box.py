"""`catnet.testing.check_box`: our own boxes pass it, and each thing that it looks at is found when it is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import catnet
from catnet.testing import Finding, check_box
from tests.analysis.cases import CASES

pytestmark = pytest.mark.usefixtures("own_boxes")


BOXES = [case for case in CASES if ">>" not in case[1] and not case[1].startswith("lstm(")]
SOURCES = [("() -> _", body) for body in ("parameter((3, 4))", "zeros(4)", "ones(4)", "constant(0.5, 4)")]


@pytest.mark.parametrize(("type_", "body"), BOXES + SOURCES)
def test_our_own_boxes(type_: str, body: str) -> None:
    check_box(catnet.parse(body), type_.split(" -> ")[0])


def test_of_an_lstm_only_the_workspace_is_wrong() -> None:
    """What oneDNN keeps is told for float32, where it is an estimate; in float64 PyTorch does without oneDNN."""
    with pytest.raises(AssertionError) as caught:
        check_box(catnet.parse("lstm(3)"), "R[6, 4]")
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == ["kept"]


class Right(catnet.Box):
    """A linear map with a weight; each wrong box below differs from it in one thing."""

    signature = "R[...s, 4] -> R[...s, 4]"
    map_kind = "linear"
    dagger_signature = "R[...s, 4] -> R[...s, 4]"

    def parameters(self, inputs, outputs):  # type: ignore[no-untyped-def]
        return {"weight": (catnet.Dim.const(4), catnet.Dim.const(4))}

    def flops(self, inputs, outputs):  # type: ignore[no-untyped-def]
        vectors = catnet.Dim.const(32)
        for axis in inputs[0].axes[:-1]:
            vectors = vectors * getattr(axis, "size", 1)
        return vectors

    def module(self, site):  # type: ignore[no-untyped-def]
        return "nn.Linear(4, 4, bias=False)"

    def code(self, site):  # type: ignore[no-untyped-def]
        return f"{site.module}({site.args[0]})"

    def dagger_code(self, site):  # type: ignore[no-untyped-def]
        return f"{site.args[0]} @ {site.module}.weight"


class Shape(Right):
    signature = "R[...s, 4] -> R[...s, 5]"


class Kind(Right):
    def code(self, site):  # type: ignore[no-untyped-def]
        return f"{site.module}({site.args[0]}) > 0"


class Names(Right):
    def parameters(self, inputs, outputs):  # type: ignore[no-untyped-def]
        return {"weights": (catnet.Dim.const(4), catnet.Dim.const(4))}


class Flops(Right):
    def flops(self, inputs, outputs):  # type: ignore[no-untyped-def]
        return catnet.Dim.const(16)


class Random(Right):
    def code(self, site):  # type: ignore[no-untyped-def]
        return f"{site.module}({site.args[0]}) * torch.rand(())"


class Bent(Right):
    def code(self, site):  # type: ignore[no-untyped-def]
        return f"{site.module}({site.args[0]}).abs()"


class Affine(Right):
    def code(self, site):  # type: ignore[no-untyped-def]
        return f"{site.module}({site.args[0]}) + 1.0"


class Turned(Right):
    def dagger_code(self, site):  # type: ignore[no-untyped-def]
        return f"{site.module}({site.args[0]})"


class Back(Right):
    def inverse(self, inputs):  # type: ignore[no-untyped-def]
        return catnet.neg.box


class Keeps(Right):
    def kept(self, inputs, outputs):  # type: ignore[no-untyped-def]
        return catnet.Kept(outputs=(0,))


class Buffer(catnet.Box):
    signature = "R[...s, 4] -> R[...s, 4]"

    def module(self, site):  # type: ignore[no-untyped-def]
        return "nn.BatchNorm1d(4, affine=False)"

    def code(self, site):  # type: ignore[no-untyped-def]
        x = site.args[0]
        return f"{site.module}({x}.reshape(-1, 4)).reshape({x}.shape)"


def declared(cls: type[catnet.Box]) -> Callable[..., list[Finding]]:
    """A check of a class that is declared for it."""
    own = {k: v for k, v in vars(cls).items() if not k.startswith("__") or k == "__doc__"}
    catnet.box("subject", "linear")(type(cls.__name__, cls.__bases__, {**own, "__module__": __name__}))
    return lambda on="R[t, 4]": check_box(catnet.subject, on)


def test_what_is_right_passes() -> None:
    found = {f.what: f.verdict for f in declared(Right)()}
    assert found.pop("inverse") == "not tested"
    assert set(found.values()) == {"tested"}


@pytest.mark.parametrize(
    ("cls", "what"),
    [
        (Shape, ["type"]),
        (Kind, ["type"]),
        (Names, ["parameters"]),
        (Flops, ["flops"]),
        (Random, ["effect", "transpose"]),
        (Bent, ["map_kind", "transpose"]),
        (Affine, ["map_kind"]),
        (Turned, ["transpose"]),
        (Back, ["inverse"]),
        (Keeps, ["kept"]),
        (Buffer, ["effect"]),
    ],
)
def test_what_is_wrong_is_found(cls: type[catnet.Box], what: list[str]) -> None:
    check = declared(cls)
    with pytest.raises(AssertionError) as caught:
        check()
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == what


def test_one_box_is_checked_at_a_time() -> None:
    with pytest.raises(TypeError, match="one box is checked at a time"):
        check_box(catnet.relu >> catnet.tanh, "R[3]")


def test_a_finding_reads_as_a_line() -> None:
    assert (
        str(Finding("flops", "not tested", "PyTorch counts none here"))
        == "flops: not tested (PyTorch counts none here)"
    )
