"""Labels: the names of submodules, hence the keys of the state_dict."""

from __future__ import annotations

import keyword
import unicodedata

from catnet.diagnostics import Diagnostic, Note, Report
from catnet.diagrams.graph import Node

# The public attributes of torch.nn.Module, which a submodule of that name would hide. Kept as text so that
# checking needs no torch; a test compares it with the installed torch.
MODULE_ATTRIBUTES = frozenset(
    (
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    )
)

# What compiled modules have besides, and what each is for.
OWN_ATTRIBUTES = {
    "check_inputs": "switches the check of the inputs",
    "fsdp_units": "names the parts that `fully_shard` takes one by one",
    "symmetry_type": "says the type of which `symmetry_under` speaks",
    "symmetry_under": "names the groups with which the module commutes",
    "tensor_plan": "says how tensor parallelism cuts the module",
    "tensor_ways": "says between how many ranks the module can be cut",
}


def refusal(label: str) -> str:
    """Why a label cannot name a submodule; the empty string if it can.

    >>> refusal("class")
    'it is a Python keyword'
    """
    if keyword.iskeyword(label) or label in ("None", "True", "False", "self"):
        return "it is a Python keyword"
    if label in OWN_ATTRIBUTES:
        return f"it {OWN_ATTRIBUTES[label]}"
    if label in MODULE_ATTRIBUTES:
        return "`torch.nn.Module` has an attribute of that name"
    if label.startswith("_"):
        return "names that start with `_` are kept for Python"
    if not label.isidentifier() or unicodedata.normalize("NFKC", label) != label:
        return "Python would read it as another name"
    return ""


class Labels:
    """The labels of one graph: each names one submodule."""

    def __init__(self, taken: dict[str, Node] | None = None) -> None:
        self.taken = dict(taken or {})

    def fork(self) -> Labels:
        """The same labels, for a branch that excludes the other."""
        return Labels(self.taken)

    def claim(self, node: Node, report: Report) -> None:
        """Record a node's label; report one that is illegal or taken."""
        label = node.label
        if label is None:
            return
        why = refusal(label)
        if why:
            report.add(
                Diagnostic(
                    "E0216",
                    f"`{label}` cannot be a label: {why}",
                    node.span,
                    help=f"choose another name, such as `{label.strip('_')}_`" if label.strip("_") else "",
                )
            )
            return
        first = self.taken.setdefault(label, node)
        if first is not node and (first.owner is None or first.owner is not node.owner):
            report.add(
                Diagnostic(
                    "E0215",
                    f"the label `{label}` is used twice",
                    node.span,
                    notes=(Note("first used here", first.span),),
                    help="give each part its own label, or `share` one morphism to use it twice",
                )
            )
