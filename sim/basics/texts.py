"""Texts of a scenario: what a terminal, an SVG and a table can show as it is written."""

import re
from typing import Annotated

from pydantic import AfterValidator

# Control characters (a terminal obeys them, XML has no place for them), halves of pairs, and what turns the direction round.
_UNSHOWABLE = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufffe\\uffff]"
)
LONGEST_NAME = 80


def _showable(text: str) -> str:
    if found := _UNSHOWABLE.search(text):
        raise ValueError(f"expected text without control characters; found U+{ord(found[0]):04X}")
    return text


def _one_line(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise ValueError(f"expected a name of at most {LONGEST_NAME} characters")
    if not name.strip() or any(c in name for c in "\n\r\t"):
        raise ValueError("expected a name on one line")
    return name


Text = Annotated[str, AfterValidator(_showable)]
Name = Annotated[Text, AfterValidator(_one_line)]
