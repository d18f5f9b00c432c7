"""Recurrent cells and layers against `torch.nn`: weights, outputs, gradients, cost."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tests.boxes.helpers import compiled, leaf, mistake, mistakes, net, node_of, type_of

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
CELLS = {"lstm_cell": nn.LSTMCell, "gru_cell": nn.GRUCell, "rnn_cell": nn.RNNCell}


@pytest.mark.parametrize(("name", "layers", "both", "bias"), [*product(LAYERS, (1, 2), (False, True), (True, False))])
def test_layers_are_those_of_torch(name: str, layers: int, both: bool, bias: bool) -> None:
    reference = LAYERS[name](3, 4, layers, bias=bias, batch_first=True, bidirectional=both)
    options = f"layers = {layers}, bidirectional = {str(both).lower()}, bias = {str(bias).lower()}"
    body = f"{name}(4, {options})"
    assert type_of("R[t, 3]", body) == f"R[t, {4 + 4 * both}]"
    module = compiled(net("R[t, 3] -> _", f"it: {body}"))
    module.load_state_dict({f"it.{k}": v for k, v in reference.state_dict().items()}, strict=True)
    x = torch.randn(2, 5, 3)
    expected = reference(x)[0]
    assert torch.equal(module(x), expected)
    assert torch.equal(module(x[0]), reference(x[0])[0])
    expected.sum().backward()
    module(x).sum().backward()
    for ours, theirs in zip(module.parameters(), reference.parameters(), strict=True):
        assert torch.equal(ours.grad, theirs.grad)
    node = leaf("R[t, 3]", body)
    got = {k: tuple(d.value for d in v) for k, v in node.box.parameters(node.dom, node.cod).items()}
    assert got == {k: tuple(v.shape) for k, v in reference.named_parameters()}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("batch", [(), (2,)])
def test_last_states_have_their_batch_axis_in_front(name: str, batch: tuple[int, ...]) -> None:
    reference = LAYERS[name](3, 4, 2, batch_first=True, bidirectional=True)
    states = 2 if name == "lstm" else 1
    body = f"{name}(4, layers = 2, bidirectional = true, state = true)"
    cod = "R[t, 8]" + " @ R[4, 4]" * states
    assert mistakes(f"R[t, 3] -> {cod}", body) == []
    module = compiled(net(f"R[t, 3] -> {cod}", f"it: {body}"))
    module.load_state_dict({f"it.{k}": v for k, v in reference.state_dict().items()})
    x = torch.randn(*batch, 5, 3)
    out, *got = module(x)
    expected, last = reference(x)
    assert torch.equal(out, expected)
    for ours, theirs in zip(got, last if states > 1 else (last,), strict=True):
        assert torch.equal(ours, theirs.transpose(0, 1) if batch else theirs)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("batch", [(), (2,)])
def test_cells_are_those_of_torch(name: str, batch: tuple[int, ...]) -> None:
    reference = CELLS[name](3, 4)
    states = 2 if name == "lstm_cell" else 1
    dom, cod = "R[3]" + " @ R[4]" * states, " @ ".join(["R[4]"] * states)
    assert mistakes(f"{dom} -> {cod}", f"{name}(4)") == []
    module = compiled(net(f"{dom} -> {cod}", f"it: {name}(4)"))
    module.load_state_dict({f"it.{k}": v for k, v in reference.state_dict().items()}, strict=True)
    x, s = torch.randn(*batch, 3), [torch.randn(*batch, 4) for _ in range(states)]
    expected = reference(x, tuple(s)) if states > 1 else (reference(x, s[0]),)
    got = module(x, *s) if states > 1 else (module(x, s[0]),)
    assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))
    node = leaf(dom, f"{name}(4)", cod)
    with FlopCounterMode(display=False) as counter:
        module(x.view(-1, 3)[:1], *(t.view(-1, 4)[:1] for t in s))
    assert node.box.flops(node.dom, node.cod).value == counter.get_total_flops()


@pytest.mark.parametrize(("name", "cell"), [("gru", "gru_cell(4) >> copy"), ("lstm", "lstm_cell(4) >> (copy @ id)")])
def test_a_layer_is_a_scan_of_its_cell(name: str, cell: str) -> None:
    layer = compiled(net("R[t, 3] -> R[t, 4]", f"it: {name}(4)"))
    states = 2 if name == "lstm" else 1
    start = " @ zeros(4)" * states
    rest = " @ drop" * states
    written = compiled(net("R[t, 3] -> R[t, 4]", f"(id{start}) >> scan({cell}, over = t) >> (id{rest})"))
    weights = dict(layer.named_parameters())
    for key, value in written.named_parameters():
        value.data.copy_(weights[f"it.{key.rsplit('.', 1)[-1]}_l0"])
    x = torch.randn(2, 5, 3)
    assert torch.allclose(layer(x), written(x), atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_flops_are_those_of_torch(name: str) -> None:
    node = leaf("R[5, 3]", f"{name}(4, layers = 2, bidirectional = true)")
    reference = LAYERS[name](3, 4, 2, batch_first=True, bidirectional=True).double()
    with FlopCounterMode(display=False) as counter:
        reference(torch.randn(1, 5, 3, dtype=torch.float64))
    assert node.box.flops(node.dom, node.cod).value == counter.get_total_flops()


def test_mistakes_of_recurrent_layers() -> None:
    assert mistake("R[3] -> _", "lstm(4)").code == "E0203"
    assert mistake("R[t, 3] -> _", "lstm(4, layers = 0)").code == "E0207"
    assert mistake("R[t, 3] -> _", 'rnn(4, activation = "gelu")').code == "E0224"
    assert mistake("R[3] @ R[4] -> _", 'rnn_cell(4, activation = "gelu")').code == "E0224"
    assert mistake("R[3] @ R[5] -> _", "gru_cell(4)").code == "E0203"
    assert mistake("Z[t, 3] -> _", "gru(4)").code == "E0205"
    found = mistake("R[t, 3] -> _", "gru(4, bidirectional = b)", "(b = false)")
    assert "must be known here" in found.message
    with pytest.raises(ValueError, match="at most 1 batch axis"):
        compiled(net("R[t, 3] -> R[t, 4]", "gru(4)"))(torch.randn(2, 2, 5, 3))


def test_dropout_between_layers_is_torchs_and_random() -> None:
    text = net("R[t, 3] -> R[t, 4]", "it: lstm(4, 2, dropout = 0.5)")
    module, reference = compiled(text), nn.LSTM(3, 4, 2, dropout=0.5, batch_first=True)
    module.load_state_dict({f"it.{k}": v for k, v in reference.state_dict().items()})
    x = torch.randn(2, 5, 3)
    torch.manual_seed(3)
    ours = module(x)
    torch.manual_seed(3)
    assert torch.equal(ours, reference(x)[0])
    assert not torch.equal(module(x), ours)
    assert node_of("R[5, 3]", "lstm(4, 2, dropout = 0.5)").box.effect == "random"
    assert mistake("R[5, 3] -> _", "gru(4, 2, dropout = 1.0)").code == "E0224"


def test_a_net_that_is_one_recurrent_layer_gives_its_output_alone() -> None:
    text = net("R[t, 3] -> R[t, 4]", "lstm(4)") + "\nnet g : R[t, 3] -> R[t, 4] = inner: f"
    assert compiled(text)(torch.randn(2, 5, 3)).shape == (2, 5, 4)
