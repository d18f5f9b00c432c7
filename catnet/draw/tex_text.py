"""Any text as LaTeX that a plain `pdflatex` sets: special characters escaped, symbols by their commands."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from catnet.draw.measure import clean

_SPECIAL = {
    "\\": r"\ensuremath{\backslash}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    '"': r"\texttt{\char34}",  # the font of the labels has no straight quote
    "'": r"\texttt{\char13}",
    "`": r"\texttt{\char18}",
    "-": "-{}",  # two would become a dash
    ",": ",{}",
    "?": "?{}",
    "!": "!{}",
    "\u00a1": "!`",
    "\u00bf": "?`",
    "\u2013": "--",
    "\u2014": "---",
    "\u2018": "`{}",
    "\u2019": "'{}",
    "\u201c": "``",
    "\u201d": "''",
    "\u2026": r"\ldots{}",
    "\u00df": r"\ss{}",
    "\u00e6": r"\ae{}",
    "\u00c6": r"\AE{}",
    "\u0153": r"\oe{}",
    "\u0152": r"\OE{}",
    "\u00f8": r"\o{}",
    "\u00d8": r"\O{}",
    "\u0142": r"\l{}",
    "\u0141": r"\L{}",
    "\u0131": r"\i{}",
    "\ufffd": r"\ensuremath{\diamond}",
}
_MATHS = {
    "<": "<", ">": ">", "|": "|", "\u2212": "-", "\u00d7": r"\times", "\u00f7": r"\div", "\u00b1": r"\pm",
    "\u00b7": r"\cdot", "\u2022": r"\bullet", "\u2218": r"\circ", "\u2217": "*", "\u00ac": r"\neg", "\u221a": r"\surd",
    "\u2295": r"\oplus", "\u2296": r"\ominus", "\u2297": r"\otimes", "\u2299": r"\odot", "\u229e": r"\boxplus",
    "\u2190": r"\leftarrow", "\u2191": r"\uparrow", "\u2192": r"\to", "\u2193": r"\downarrow",
    "\u2194": r"\leftrightarrow", "\u21d2": r"\Rightarrow", "\u21d4": r"\Leftrightarrow", "\u21a6": r"\mapsto",
    "\u21aa": r"\hookrightarrow", "\u22b8": r"\multimap", "\u2264": r"\le", "\u2265": r"\ge", "\u2260": r"\ne",
    "\u2248": r"\approx", "\u2245": r"\cong", "\u2261": r"\equiv", "\u223c": r"\sim", "\u2208": r"\in",
    "\u2209": r"\notin", "\u2282": r"\subset", "\u2286": r"\subseteq", "\u222a": r"\cup", "\u2229": r"\cap",
    "\u2200": r"\forall", "\u2203": r"\exists", "\u2205": r"\emptyset", "\u2207": r"\nabla", "\u2202": r"\partial",
    "\u221e": r"\infty", "\u2211": r"\sum", "\u220f": r"\prod", "\u2210": r"\coprod", "\u222b": r"\int",
    "\u2227": r"\wedge", "\u2228": r"\vee", "\u22a4": r"\top", "\u22a5": r"\bot", "\u22a2": r"\vdash",
    "\u27e8": r"\langle", "\u27e9": r"\rangle", "\u2308": r"\lceil", "\u2309": r"\rceil", "\u230a": r"\lfloor",
    "\u230b": r"\rfloor", "\u2225": r"\|", "\u22c5": r"\cdot", "\u22ca": r"\rtimes", "\u2102": r"\mathbb{C}",
    "\u2115": r"\mathbb{N}", "\u211a": r"\mathbb{Q}", "\u211d": r"\mathbb{R}", "\u2124": r"\mathbb{Z}",
    "\u210d": r"\mathbb{H}", "\u2113": r"\ell", "\u210f": r"\hbar", "\u03d5": r"\phi", "\u03f5": r"\epsilon",
    "\u2032": "'", "\u2020": r"\dagger", "\u2021": r"\ddagger", "\u00a7": r"\mathsection",
}  # fmt: skip
_GREEK = (
    "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
    "xi", "o", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "varphi", "chi", "psi", "omega",
)  # fmt: skip
_LATIN = {  # Greek capitals that LaTeX has no command for: they look like these
    "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I", "Kappa": "K", "Mu": "M", "Nu": "N",
    "O": "O", "Rho": "P", "Tau": "T", "Chi": "X",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d", "\u0327": "c", "\u0331": "b",
}  # fmt: skip


def escaped(text: str) -> str:
    r"""A text as LaTeX. What the fonts of a plain LaTeX lack is shown by its number.

    >>> print(escaped("R[t, d_1] \u2297 caf\u00e9 \u4e2d"))
    R[t,{} d\_1] \ensuremath{\otimes} caf\'{e} U+4E2D
    """
    return "".join(map(_character, unicodedata.normalize("NFC", clean(text))))


@lru_cache(maxsize=4096)
def _character(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    if char in _MATHS:
        return f"\\ensuremath{{{_MATHS[char]}}}"
    if char == " " or (char.isascii() and char.isalnum()):
        return char
    if char.isascii():
        return char if char.isprintable() else _number(char)
    return _greek(char) or _composed(char) or _number(char)


def _greek(char: str) -> str:
    """A Greek letter without an accent; empty for anything else."""
    small = char.lower()
    place = ord(small) - ord("\u03b1") if len(small) == 1 else -1
    if not 0 <= place < len(_GREEK) or not unicodedata.name(char, "").startswith("GREEK"):
        return ""
    word = _GREEK[place]
    if char == small:
        return word if word == "o" else f"\\ensuremath{{\\{word}}}"
    capital = word.removeprefix("var").capitalize()
    return _LATIN.get(capital) or f"\\ensuremath{{\\{capital}}}"


def _composed(char: str) -> str:
    """A letter with an accent, or a small raised or lowered sign; empty for anything else."""
    kind, _, rest = unicodedata.decomposition(char).rpartition("> ")
    parts = [chr(int(code, 16)) for code in rest.split()]
    if kind in ("<super", "<sub") and len(parts) == 1 and parts[0].isascii():
        return f"\\ensuremath{{{'^' if kind == '<super' else '_'}{{{_character(parts[0])}}}}}"
    if kind == "<font" and len(parts) == 1:  # a letter of another shape
        return _character(parts[0])
    if kind or len(parts) != 2 or parts[1] not in _ACCENTS:
        return ""
    base = {"i": r"\i", "j": r"\j"}.get(parts[0]) or _character(parts[0])
    return "" if base.startswith("U+") else f"\\{_ACCENTS[parts[1]]}{{{base}}}"


def _number(char: str) -> str:
    return f"U+{ord(char):04X}"
