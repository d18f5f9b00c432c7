"""Prints trees as text: one style for all, with the parentheses that precedence asks for and no others.

Comments are printed right before the node that carries them. `format_source` refuses to hand out a text that
does not read back as the same tree with the same comments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from catnet.diagnostics import Diagnostic, Source, Span
from catnet.syntax import tree
from catnet.syntax.comments import children
from catnet.syntax.layout import HARD, SPACE, Doc, Group, Nest, render
from catnet.syntax.parser import parse
from catnet.syntax.printing import (
    INDENT,
    Expressions,
    bracketed,
    comment_docs,
    comment_lines,
    string_literal,
)
from catnet.syntax.scan import scan


def format_expression(expr: tree.Expr, width: int = 100, limit: int | None = None) -> str:
    """One expression (or type); on one line if it fits. Stops with ` ...` after about `limit` characters."""
    return render(Expressions(expr).top(expr), width, limit)


def format_item(item: tree.Item, width: int = 100) -> str:
    """One declaration with the comments above it, without a newline at the end."""
    return "\n".join([*comment_lines(item.comments), render(_Items(item).item(item), width)])


def format_file(file: tree.File, width: int = 100) -> str:
    """A whole file; items are parted by one blank line, imports by none."""
    loose: dict[int, list[str]] = {}
    for index, block in file.loose:
        loose.setdefault(index, []).append("\n".join(comment_lines(block)))
    blocks: list[str] = []
    for index, item in enumerate(file.items):
        text = format_item(item, width)
        follows = index > 0 and isinstance(file.items[index - 1], tree.Import)
        if follows and isinstance(item, tree.Import) and not item.comments and index not in loose:
            blocks[-1] += "\n" + text
        else:
            blocks += [*loose.get(index, []), text]
    blocks += loose.get(len(file.items), [])
    if file.trailing:
        blocks.append("\n".join(comment_lines(file.trailing)))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def format_source(source: Source, width: int = 100) -> tuple[str, list[Diagnostic]]:
    """The text in style. Where the source has errors it comes back unchanged, with them."""
    file, diagnostics = parse(source)
    if any(d.is_error for d in diagnostics):
        return source.text, diagnostics
    text = format_file(file, width)
    again = Source(source.name, text)
    read, problems = parse(again)
    if problems or read != file or _all_comments(again) != _all_comments(source):
        message = "the formatter would have changed what this file means; it is left as it is"
        help = "this is a mistake in catnet: please report it with the file"
        return source.text, [Diagnostic("E0107", message, Span(source, 0, 0), help=help)]
    return text, diagnostics


def _all_comments(source: Source) -> Counter[str]:
    pieces = scan(source)
    blocks = [block for chunk in pieces.chunks for block in (*chunk.above, chunk.inside)]
    return Counter(comment.text for block in (*blocks, *pieces.trailing) for comment in block)


_WORDS: dict[type[tree.Item], str] = {tree.Formula: "box", tree.Derived: "bundle"}


class _Items(Expressions):
    """Documents for declarations."""

    def item(self, item: tree.Item) -> Doc:
        head: list[Doc]
        match item:
            case tree.Net():
                return self.net(item)
            case tree.BoxDecl():
                target: Doc = [SPACE, f"python {string_literal(item.target)}"]
                header = self.header("box", item)
                return Group([header, " =", Nest(INDENT, target)])
            case tree.Bundle():
                body: list[Doc] = [" ", *self.bundle(item)] if item.charts else []
                return [self.header("bundle", item), *body]
            case tree.Section():
                return [f"section {item.name} : ", self.top(item.bundle), " ", *self.components(item)]
            case tree.Map():
                return [f"map {item.name} : ", self.top(item.type), " ", *self.components(item)]
            case tree.Formula() | tree.Group() | tree.Rep() | tree.Derived():
                word = _WORDS.get(type(item), type(item).__name__.lower())
                head = [f"{word} {item.name}", self.params(item.params), " ="]
                hard = any(self.commented(part) for part in children(item))
                return Group([*head, Nest(INDENT, [SPACE, self.top(item.value)])], hard)
            case tree.Law():
                sides = self.law_sides(item)
                head = [f"law {item.name}", self.params(item.params), " :"]
                hard = any(self.commented(part) for part in children(item))
                return Group([*head, Nest(INDENT, [SPACE, sides])], hard)
            case tree.Import():
                names: list[Doc] = [[",", SPACE, name] if n else name for n, name in enumerate(item.names)]
                return Group([f"from {string_literal(item.path)} import", Nest(INDENT, [SPACE, *names])])
        raise TypeError(f"not an item: {item!r}")

    def net(self, net: tree.Net) -> Doc:
        header = self.header("net", net)
        if isinstance(net.body, tree.Body):
            return [header, " ", *self.body(net.body)]
        body = self.top(net.body)
        hard = any(self.commented(part) for part in children(net))
        return Group([header, " =", Nest(INDENT, [SPACE, body])], hard)

    def bundle(self, bundle: tree.Bundle) -> list[Doc]:
        charts: list[Doc] = []
        for number, chart in enumerate(bundle.charts):
            named = f"({', '.join(chart.coordinates)})" if chart.coordinates else ""
            charts += [[",", SPACE] if number else "", *comment_docs(chart.comments), f"{chart.name}{named}"]
        hard = any(self.commented(chart) for chart in bundle.charts)
        lines: list[Doc] = [HARD, Group(["charts ", Nest(INDENT, charts)], hard)]
        for step in bundle.transitions:
            head = f"{step.source} -> {step.target} : "
            lines += [HARD, *comment_docs(step.comments), head, Nest(INDENT, self.top(step.value))]
        return ["{", Nest(INDENT, lines), HARD, "}"]

    def components(self, item: tree.Section | tree.Map) -> list[Doc]:
        lines: list[Doc] = []
        for part in item.components:
            lines += [HARD, *comment_docs(part.comments), f"{part.chart} : ", Nest(INDENT, self.top(part.value))]
        return ["{", Nest(INDENT, lines), HARD, "}"]

    def header(self, keyword: str, item: tree.Net | tree.BoxDecl | tree.Bundle) -> Doc:
        name = [f"{keyword} {item.name}", self.params(item.params), " : "]
        parts: list[Doc] = [*name, Nest(INDENT, self.top(item.type))]
        where = () if isinstance(item, tree.Bundle) else item.where
        parts += self._clauses("where", [(fact, self.top(fact)) for fact in where])
        parts += self._clauses("under", [(action, self.action(action)) for action in item.under])
        hard = any(self.commented(part) for part in (*item.params, item.type, *where, *item.under))
        return Group(parts, hard)

    def _clauses(self, keyword: str, clauses: Sequence[tuple[tree.Node, Doc]]) -> list[Doc]:
        """`where` or `under` with what follows it; nothing if nothing does."""
        if not clauses:
            return []
        docs: list[Doc] = [[",", SPACE, doc] if n else doc for n, (_, doc) in enumerate(clauses)]
        hard = any(self.commented(clause) for clause, _ in clauses)
        return [Nest(INDENT, [SPACE, f"{keyword} ", Group(Nest(INDENT, docs), hard)])]

    def action(self, under: tree.Under) -> Doc:
        """`S(n) on n`, `C(4) on (h, w)`."""
        axes = under.axes[0] if len(under.axes) == 1 else f"({', '.join(under.axes)})"
        where = f" on {axes}" if under.axes else ""
        return [*comment_docs(self.leading(under)), self.top(under.group, quiet=True), where]

    def params(self, params: Sequence[tree.Param]) -> Doc:
        if not params:
            return ""
        hard = any(self.commented(param) for param in params)
        return bracketed("(", [self.param(param) for param in params], ")", hard)

    def param(self, param: tree.Param) -> Doc:
        parts: list[Doc] = [*comment_docs(param.comments), param.name]
        if param.annotation is not None:
            parts += [": ", self.annotation(param.annotation)]
        if param.default is not None:
            parts += [" = ", self.top(param.default)]
        return parts

    def body(self, body: tree.Body) -> list[Doc]:
        lines: list[Doc] = [[HARD, line] for line in comment_lines(body.comments)]
        for statement in body.statements:
            names = statement.targets if isinstance(statement, tree.Assign) else (f"share {statement.name}",)
            value = self.top(statement.value)
            hard = self.commented(statement.value)
            right = Group(Nest(INDENT, [SPACE, value]), hard)
            lines += [HARD, *comment_docs(statement.comments), ", ".join(names), " =", right]
        leading = comment_docs(self.leading(body.result))
        result = Nest(INDENT, self.top(body.result, quiet=True))
        lines += [HARD, *leading, "return ", result]
        return ["{", Nest(INDENT, lines), HARD, "}"]
