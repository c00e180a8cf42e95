"""Keeps a spreadsheet from taking a text for a formula, in a way that can be taken back exactly.

Pure. A cell that begins like a formula gets one more apostrophe in front, and reading takes one off
such cells and off no others: so every text comes back as it was, one that begins with `'=` too.
"""

import re

# What makes a formula: OWASP, "CSV Injection", the full-width signs of East Asian locales included.
# Spreadsheets pass over blanks before a sign, and take a tab or line break for the end of a cell.
FORMULA = r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])"
# Behind a semicolon as well: where that parts cells, a program that opens our commas begins one.
_TO_GUARD = re.compile(rf"(\A|;)(?={FORMULA})")
_GUARDED = re.compile(rf"(\A|;)'(?={FORMULA})")


def guard(text: str) -> str:
    """Return the text as a cell that no spreadsheet calculates."""
    return _TO_GUARD.sub(r"\1'", text)


def unguard(cell: str) -> str:
    """Return the text of a cell that `guard` made, or of any other one."""
    return _GUARDED.sub(r"\1", cell)
