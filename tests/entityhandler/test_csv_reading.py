"""Files as spreadsheet programs write them, and those that nobody can read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entityhandler.services.spreadsheets.reading import FileNotCsv, FileNotUtf8, read_table
from tests.spreadsheets import csv_file

FILES = Path(__file__).parent / "csv"
PLAIN = "email,full_name\nada@x.org,Ada\nzoë@x.org,Zoë\n"
ROWS = [(2, ["ada@x.org", "Ada"]), (3, ["zoë@x.org", "Zoë"])]


def rows(content: bytes) -> list[tuple[int, list[str]]]:
    return list(read_table(content).rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(encoding: str, delimiter: str, line_end: str) -> None:
    text = PLAIN.replace(",", delimiter).replace("\n", line_end)
    assert rows(text.encode(encoding)) == ROWS


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_line_by_which_excel_names_the_delimiter(line: str, mark: str) -> None:
    assert rows(f"{mark}{line}\r\n{PLAIN.replace(',', ';')}".encode()) == ROWS


def test_commas_inside_of_header_cells_part_nothing() -> None:
    header = 'email;"answer:Diet, allergies, other";answer:Age, roughly, in years, please'
    text = f"{header}\na@x.org;no;7\n"
    table = read_table(text.encode())
    assert (table.delimiter, len(table.header)) == (";", 3)


def test_a_file_of_one_column_is_a_table() -> None:
    assert rows(b"email\nada@x.org\n") == [(2, ["ada@x.org"])]


def test_blank_rows_are_counted_and_left_out() -> None:
    assert rows(b"email,full_name\n\n ,\nada@x.org,Ada\n,\n") == [(4, ["ada@x.org", "Ada"])]


def test_a_row_is_counted_as_a_spreadsheet_does_also_with_line_breaks_in_cells() -> None:
    text = csv_file(["email", "note"], ["a@x.org", "two\r\nlines"], ["b@x.org", ""])
    assert rows(text) == [(2, ["a@x.org", "two\r\nlines"]), (3, ["b@x.org", ""])]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_another_encoding_is_told_with_what_to_do(encoding: str) -> None:
    with pytest.raises(FileNotUtf8, match="Save it as “CSV UTF-8”"):
        read_table(PLAIN.encode(encoding))


def test_the_line_of_a_wrong_character_is_told() -> None:
    with pytest.raises(FileNotUtf8, match=r"line 3.*Windows-1252"):
        read_table(PLAIN.encode("cp1252"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "empty"),
        (b"PK\x03\x04rest of an .xlsx", "not CSV"),
        (b"email\nada\0@x.org\n", "Line 2 has a NUL"),
        (b'email\nada@x.org\n"never closed\n', "Row 3"),
        (b'email\n"ada"@x.org\n', "Row 2"),
        (b"email\n" + b"x" * 200_000, "Row 2"),
    ],
)
def test_what_is_no_table_is_told(content: bytes, told: str) -> None:
    with pytest.raises(FileNotCsv, match=told):
        rows(content)


@given(st.binary() | st.text("\"',;\t\r\nsep=email").map(str.encode))
def test_whatever_comes_is_a_table_or_refused(content: bytes) -> None:
    try:
        rows(content)
    except (FileNotCsv, FileNotUtf8) as refusal:
        assert refusal.detail  # noqa: PT017 - either way is right
