"""Syntax: text to tree and back.

`parser` reads a source into the tree of `tree`; `formatter` prints a tree. The grammar stands in
`grammar/catnet.lark`.
"""
