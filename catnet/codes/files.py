"""E03xx files and imports, E04xx laws, E05xx leaves written in Python, E06xx commands."""

from __future__ import annotations

from catnet.codes.entry import Code

_OTHER = "net block : R[d] -> R[d] = linear(d) >> relu\n"

CODES = (
    Code(
        "E0301",
        "a file cannot be read",
        """The file does not exist, is a directory, may not be read, or is not UTF-8 text. Imports are
        looked for beside the importing file, then in the folders given by --root; "std/..." also names
        the standard library.""",
        bad='from "blocks.cat" import block\nnet two : R[d] -> R[d] = block >> block\n',
        good='from "block.cat" import block\nnet two : R[d] -> R[d] = block >> block\n',
        files={"block.cat": _OTHER},
    ),
    Code(
        "E0302",
        "an import from outside",
        """A .cat file may come from someone else, so it reaches only files beside it (and below), the
        standard library, and the folders that you allow with --root. Links are followed first: one that
        leads out is outside.

        Move the file, or allow its folder: catnet check --root FOLDER net.cat.""",
        bad='from "../elsewhere/block.cat" import block\nnet two : R[d] -> R[d] = block >> block\n',
        good='from "block.cat" import block\nnet two : R[d] -> R[d] = block >> block\n',
        files={"block.cat": _OTHER},
    ),
    Code(
        "E0303",
        "imports that form a cycle",
        """A file imports another that imports it again. Nothing could be read first. Move what both need
        into a third file, and let both import that.""",
        bad='from "block.cat" import block\nnet two : R[d] -> R[d] = block >> block\n'
        "net one : R[d] -> R[d] = linear(d)\n",
        good='from "base.cat" import block\nnet two : R[d] -> R[d] = block >> block\n',
        files={"base.cat": _OTHER},
        bad_files={"block.cat": 'from "net.cat" import one\nnet block : R[d] -> R[d] = one >> relu\n'},
    ),
    Code(
        "E0304",
        "the imported file has no such name",
        """The file is there, but it declares no net, box or law of this name. What it imports itself does
        not count: import it from where it is declared.""",
        bad='from "block.cat" import blok\nnet two : R[d] -> R[d] = linear(d)\n',
        good='from "block.cat" import block\nnet two : R[d] -> R[d] = block >> block\n',
        files={"block.cat": _OTHER},
    ),
    Code(
        "E0401",
        "a law does not hold",
        """The two sides of a law have one type, but they are different maps: with the parameters and inputs
        that the message gives, their outputs differ. Sizes in the counterexample are the smallest that were
        found.

        Both sides make fresh parameters. To say that something holds for one and the same map, make it a
        parameter of the law: law name(f: R[d] -> R[d]) : ...""",
        stage="law",
        how="It comes from `catnet law net.cat`; checking a file only compares the types of the sides.",
        bad="law doubled : relu >> scale(2.0) == scale(-2.0) >> relu\n",
        good="law doubled : relu >> scale(2.0) == scale(2.0) >> relu\n",
    ),
    Code(
        "E0501",
        "a Python module that is not allowed",
        """`box ... = python "package.module:Callable"` names code that a compiled net would run. A spec may
        come from someone else, so compiling imports only what the caller allows. Checking, drawing and
        formatting import nothing.

        If you trust the module: catnet compile --allow package.module, or allow = ["package.module"] in
        Python.""",
        stage="compile",
        how="It comes when a net with such a leaf is compiled.",
        bad='box mine : R[d] -> R[d] = python "mine:Layer"\nnet block : R[8] -> R[8] = mine >> relu\n',
    ),
    Code(
        "E0502",
        "a Python leaf that cannot be imported",
        """The module of a `python` leaf is allowed, but importing it failed, or it has no such name. The
        message repeats what Python said. Is it installed in this environment, and spelled as in Python's
        own import?""",
        stage="compile",
        how="It comes when a net with such a leaf is compiled in memory.",
        bad='box mine : R[d] -> R[d] = python "mine:Layer"\nnet block : R[8] -> R[8] = mine >> relu\n',
    ),
    Code(
        "E0503",
        "a Python target that names no callable",
        """A leaf written in PyTorch is named by its module and, after a colon, the class or function in
        it: "package.module:Callable".""",
        bad='box mine : R[d] -> R[d] = python "mine.Layer"\nnet block : R[8] -> R[8] = mine >> relu\n',
        good='box mine : R[d] -> R[d] = python "mine:Layer"\nnet block : R[8] -> R[8] = mine >> relu\n',
    ),
    Code(
        "E0601",
        "there is no such net or law",
        """The file does not declare what the command or the call asks for. The help line has the nearest
        name, or all of them. What a file imports may be asked for as well.""",
        stage="command",
        how="It comes from `catnet show net.cat clasifier`, and from program[...] in Python.",
    ),
    Code(
        "E0602",
        "a file cannot be written",
        """The folder does not exist, the name is that of a directory, or writing is not permitted. A file
        is written beside its place and then moved there, so a write that fails or is interrupted leaves
        what was there before.""",
        stage="command",
        how="It comes from commands with -o, and from `catnet fmt`.",
    ),
    Code(
        "E0603",
        "a -p argument that cannot be read",
        """Static arguments are given as NAME=VALUE: integers (d=64), other numbers (p=0.1), true and
        false, texts (with or without double quotes) and tuples of these (kernel=(3,5)). Put quotes around
        the whole of it where your shell would read a bracket itself: -p 'kernel=(3,5)'.""",
        stage="command",
        how="It comes from commands that take -p.",
    ),
    Code(
        "E0604",
        "there is no such code",
        """Codes are an E and four digits, as they stand in a diagnostic: error[E0203]. `catnet explain`
        without a code lists them all.""",
        stage="command",
        how="It comes from `catnet explain`.",
    ),
    Code(
        "E0605",
        "a picture in a format that there is not",
        """The picture's format is told by the end of the file's name: .svg for a picture that every
        browser shows, .pdf and .png for print and for pages, .tex for LaTeX, .dot for Graphviz.""",
        stage="command",
        how="It comes from `catnet render ... -o FILE`, and from `catnet bundle ... -o FILE`, which writes .svg.",
    ),
    Code(
        "E0606",
        "nothing to work on",
        """The command was given a folder without any .cat file in it. Name the files, or the folder that
        has them.""",
        stage="command",
        how="It comes from `catnet check` and `catnet fmt`.",
    ),
    Code(
        "E0607",
        "an --at argument that cannot be used",
        """Typical sizes are given as NAME=SIZE, such as --at t=512, for names that the input types of the net
        leave open. They decide which rewriting pays; the compiled net still takes every size.""",
        stage="command",
        how="It comes from `catnet optimise` and `catnet compile --optimise`.",
    ),
    Code(
        "E0608",
        "a picture whose maker is not installed",
        """PDF and PNG are made from the SVG by CairoSVG, which a plain install leaves out: pip install
        'catnet[pictures]'. It draws with the Cairo library, which Linux systems mostly have: apt install
        libcairo2, or brew install cairo. SVG, LaTeX and DOT need neither.""",
        stage="command",
        how="It comes from `catnet render net.cat block -o block.pdf`, and from diagram.draw with `pdf`.",
    ),
    Code(
        "E0609",
        "the language server is not installed",
        """The language server speaks the protocol of editors with the package pygls, which a plain install
        leaves out: pip install 'catnet[lsp]'.""",
        stage="command",
        how="It comes from `catnet lsp`.",
    ),
    Code(
        "E0610",
        "a picture of two files",
        """`catnet diff OLD NEW -o NAME.svg` draws one net of each file, one above the other. Name the net that
        both files declare, or one of each: catnet diff old.cat:small new.cat:large -o NAME.svg.""",
        stage="command",
        how="It comes from `catnet diff ... -o FILE` without a net.",
    ),
)
