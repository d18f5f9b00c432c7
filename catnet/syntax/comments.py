"""Gives every comment inside an item to a node, so that the formatter can print it again.

A comment goes to the node that follows it, a remark at the end of a line to the node that it ends. Of the
nodes that start at one place the outermost is taken; printing puts the comment right before that node, so
reading the printed text again finds the same one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import fields

from catnet.diagnostics import Source
from catnet.syntax import tree
from catnet.syntax.scan import Comment

# What still waits for its operand: a comment behind it speaks of what comes next.
_WAITING = re.compile(
    r"(?:[=(\[{>+\-*/@<^:%→≫⊗≤≥≠−]|\.\.|\b(?:then|else|if|return|where|under|on|charts|and|or|not|in|share|import|python))\s*\Z"
)
_NEXT = re.compile(r"\S")


def attach(root: tree.Node, documentation: tuple[str, ...], comments: list[Comment], source: Source) -> None:
    """Set the comments of a tree that has just been built (nobody else has seen it yet)."""
    if documentation:
        _add(root, documentation)
    if comments:
        places = _Places(root, source)
        owned: dict[int, tuple[tree.Node, list[str]]] = {}
        for comment, closes in zip(comments, _before_closing(comments, source.text), strict=True):
            owner = places.owner(comment, closes)
            owned.setdefault(id(owner), (owner, []))[1].append(comment.text)
        for owner, words in owned.values():
            _add(owner, tuple(words))


def _before_closing(comments: list[Comment], text: str) -> list[bool]:
    """For each comment whether a closing bracket is the next token; from the last, so that this is linear."""
    answers: list[bool] = []
    following, answer = -1, False
    for comment in reversed(comments):
        match = _NEXT.search(text, comment.end)
        place = match.start() if match else -1
        if place != following or place < 0:  # otherwise the next comment follows: its answer holds here too
            answer = place >= 0 and text[place] in ")]}"
        answers.append(answer)
        following = comment.start
    return answers[::-1]


def children(node: tree.Node) -> Iterator[tree.Node]:
    """The nodes directly below a node, in the order of the text."""
    for name in _field_names(type(node)):
        yield from _nodes(getattr(node, name))


def _nodes(value: object) -> Iterator[tree.Node]:
    if isinstance(value, tree.Node):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)


_FIELDS: dict[type, tuple[str, ...]] = {}


def _field_names(kind: type[tree.Node]) -> tuple[str, ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(f.name for f in fields(kind) if f.name not in ("span", "comments"))
    return _FIELDS[kind]


class _Places:
    """Where the nodes of an item start and end."""

    def __init__(self, root: tree.Node, source: Source) -> None:
        self.root = root
        self.text = source.text
        self.starting: dict[int, tree.Node] = {}
        self.ending: dict[int, list[tree.Node]] = {}
        stack = [root]
        while stack:  # outer nodes come first, so `setdefault` keeps the outermost
            node = stack.pop()
            stack.extend(reversed(list(children(node))))
            if node.span is not None and not isinstance(node, tree.Item | tree.Body):
                self.starting.setdefault(node.span.start, node)
                self.ending.setdefault(node.span.end, []).append(node)
        self.starts = sorted(self.starting)
        self.ends = sorted(self.ending)

    def owner(self, comment: Comment, closes: bool) -> tree.Node:
        """The node for a comment; `closes` says that a closing bracket comes next."""
        line = self.text.rfind("\n", 0, comment.start) + 1
        before = self.text[line : comment.start]
        if before.strip() and not _WAITING.search(before):
            return self.preceding(comment)
        if closes:
            return self.preceding(comment)
        place = bisect_left(self.starts, comment.end)
        return self.starting[self.starts[place]] if place < len(self.starts) else self.preceding(comment)

    def preceding(self, comment: Comment) -> tree.Node:
        place = bisect_right(self.ends, comment.start)
        if place == 0 or (place == len(self.ends) and isinstance(self.root, tree.Item) and not self.is_net):
            return self.root
        line = self.text.rfind("\n", 0, comment.start) + 1
        starts = [node.span.start for node in self.ending[self.ends[place - 1]] if node.span is not None]
        on_this_line = [start for start in starts if start >= line]
        return self.starting[(on_this_line or starts)[0]]

    @property
    def is_net(self) -> bool:
        return isinstance(self.root, tree.Net)


def _add(node: tree.Node, comments: tuple[str, ...]) -> None:
    object.__setattr__(node, "comments", node.comments + comments)
