"""The TextMate grammar, for VS Code and others: the same table as the Pygments lexer's, as JSON.

python -m catnet.editor.textmate > editors/vscode/syntaxes/catnet.tmLanguage.json
"""

from __future__ import annotations

import json
from typing import Any

from catnet.editor.highlight import ROLES, Rule, rules


def grammar() -> dict[str, Any]:
    """The grammar as data."""
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "catnet",
        "scopeName": "source.catnet",
        "fileTypes": ["cat"],
        "patterns": [_pattern(rule) for rule in rules()],
    }


def text() -> str:
    """The grammar as the text of its file."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


def _pattern(rule: Rule) -> dict[str, Any]:
    if rule.role:
        return {"name": _scope(rule.role), "match": rule.pattern}
    groups = {str(n): {"name": _scope(role)} for n, role in enumerate(rule.groups, 1) if role is not None}
    return {"match": rule.pattern, "captures": groups}


def _scope(role: str) -> str:
    return f"{ROLES[role].scope}.catnet"


if __name__ == "__main__":
    print(text(), end="")
