"""E0504 to E0507: boxes that a user declares in Python."""

from __future__ import annotations

from catnet.codes.entry import Code

_NET = "net layer : R[t, 8] -> R[t, 8] = linear(8) >> steep(4.0)\n"
_HEAD = """import catnet


"""
_STEEP = '''@catnet.box("steep", family="activation")
class Steep(catnet.Box):
    """`x sigmoid(steepness x)`."""

    steepness: float = 1.0
    signature = "R[...s] -> R[...s]"

    def code(self, site):
        x = site.args[0]
        return f"{x} * torch.sigmoid({self.steepness!r} * {x})"
'''
_RIGHT = _HEAD + _STEEP
_MODULE = "mine.py"
_HOW = "It comes when the module is imported: `catnet check --boxes mine net.cat`, or `import mine` in Python."

CODES = (
    Code(
        "E0504",
        "a name that a box cannot have",
        """A box of your own gets a word of the language, an attribute of `catnet`, and, where it has
        parameters, an attribute of a module. So its name is a plain lower-case name that none of these uses:
        no keyword, no box that there is, no attribute of `torch.nn.Module`.""",
        stage="boxes",
        how=_HOW,
        bad=_NET,
        good=_NET,
        files={_MODULE: _RIGHT},
        bad_files={_MODULE: _RIGHT.replace('"steep"', '"train"')},
    ),
    Code(
        "E0505",
        "a class that breaks the rules of boxes",
        """A box says its type, as a `signature` in the language or by a method `rule`, and its code, by a method
        `code` or `module`. Its static arguments are annotated fields of the sorts that the language has, and
        what else it says (`where`, `effect`, `map_kind`, ...) can be read. All this is looked at when the class
        is declared.""",
        stage="boxes",
        how=_HOW,
        bad=_NET,
        good=_NET,
        files={_MODULE: _RIGHT},
        bad_files={_MODULE: _RIGHT.replace('    signature = "R[...s] -> R[...s]"\n', "")},
    ),
    Code(
        "E0506",
        "a method of a box fails, or gives what it must not",
        """The methods of a box of your own are called when a net with it is checked, shown or compiled. One of
        them raised an error, or gave something else than a method of that name gives: `code` a Python
        expression with one result for each output, `flops` a `Dim`, `parameters` a dict of shapes, and so
        on. The place is that of the method.""",
        stage="boxes",
        how="It comes when the method is called: here, from `catnet compile --boxes mine net.cat layer`.",
        bad=_NET,
        good=_NET,
        files={_MODULE: _RIGHT},
        bad_files={_MODULE: _RIGHT.replace("return f", "f")},
    ),
    Code(
        "E0507",
        "a module of boxes that cannot be imported",
        """`--boxes MODULE` imports a Python module, so that the boxes it declares are there. Python found no such
        module, or running it failed; the message repeats what Python said. Modules are looked for where Python
        finds them, and in the current folder.

        Importing a module runs it. A .cat file never does: only you name modules, on the command line.""",
        stage="command",
        how="It comes from commands with --boxes.",
    ),
)
