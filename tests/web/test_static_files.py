"""What is served differs from the sources by its comments alone."""

import pytest

from web.modules import COMMENT, SOURCES

OURS = [file for kind in ("*.js", "*.css") for file in (SOURCES / "web").rglob(kind)]


@pytest.mark.parametrize(
    ("source", "served"),
    [
        ("/** One line. */\nlet a;\n", "let a;\n"),
        ("/**\n * Several\n * lines.\n */\nlet a;\n", "let a;\n"),
        ("  // indented\n  let a;\n", "  let a;\n"),
        ("let a; // beside code\n", "let a; // beside code\n"),
        ('let a = "/* text */";\n', 'let a = "/* text */";\n'),
        ("/*! licence */\nlet a;\n", "/*! licence */\nlet a;\n"),
        ("/* a */ let b; /* c */\n", "/* a */ let b; /* c */\n"),
    ],
)
def test_a_comment_with_lines_to_itself_goes(source: str, served: str) -> None:
    assert COMMENT.sub("", source) == served


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_no_text_in_a_source_could_be_taken_for_a_comment(file: object) -> None:
    source = file.read_text()  # type: ignore[attr-defined]
    removed = "".join(COMMENT.findall(source))
    # A backtick would mean that a template literal was cut; comments here quote code in pairs.
    assert removed.count("`") % 2 == 0
