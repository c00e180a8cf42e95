"""CSV files as spreadsheet programs write them: bytes to rows of cells. Pure."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from entityhandler.services.spreadsheets.formulas import unguard
from ticketmgr.errors import DomainError

# The first one wins where a header has none of them.
DELIMITERS = ",;\t"
# Excel's way of naming the delimiter; programs that do not know it may have quoted it.
SEP_LINE = re.compile(r'"?sep=([,;\t|])"?[,;\t]*(?:\r\n|\r|\n)', re.IGNORECASE)
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What .xlsx, .ods and .numbers files begin with: all of them are ZIP archives.
ZIP_MARK = b"PK\x03\x04"
ADVICE = "Save it as “CSV UTF-8”."


class FileNotUtf8(DomainError):
    """The characters of the file are in another encoding, so nobody can know its names."""

    code = "file_not_utf8"
    status = 400
    title = f"The file is not in UTF-8. {ADVICE}"


class FileNotCsv(DomainError):
    """The file cannot be read as a table; the detail says where it ends."""

    code = "file_not_csv"
    status = 400
    title = "The file is not CSV."


@dataclass(frozen=True, slots=True)
class Table:
    """A header, and rows each with the number that a spreadsheet shows: the header's is 1.

    The rows come out of the file one by one, and once; doing so may raise FileNotCsv.
    """

    header: list[str]
    rows: Iterator[tuple[int, list[str]]]
    delimiter: str


def read_table(content: bytes) -> Table:
    """Return the table of a file; raises FileNotUtf8 and FileNotCsv.

    UTF-8 with or without a byte order mark; cells parted by comma, semicolon or tab; lines ended
    by LF, CRLF or CR. Blank rows are counted and left out.
    """
    text = _decoded(content)
    sep = SEP_LINE.match(text)
    text = text[sep.end() :] if sep else text
    delimiter = sep[1] if sep else _delimiter(text)
    rows = _rows(text, delimiter)
    _, header = next(rows, (0, None))
    if header is None:
        raise FileNotCsv("The file is empty.")
    return Table(header, rows, delimiter)


def _decoded(content: bytes) -> str:
    if content.startswith(ZIP_MARK):
        raise FileNotCsv(f"This is a spreadsheet or an archive, not CSV. {ADVICE}")
    if content.startswith(UTF16_MARKS) or _has_nul_in_ascii(content):
        raise FileNotUtf8(f"The file is in UTF-16, not UTF-8. {ADVICE}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileNotUtf8(
            f"The file is not in UTF-8 (line {line}), perhaps in Windows-1252. {ADVICE}"
        ) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise FileNotCsv(f"Line {line} has a NUL character.")
    return text


def _has_nul_in_ascii(content: bytes) -> bool:
    """Whether this looks like UTF-16 without its mark: every other byte of the header is NUL."""
    return content[:2].count(0) == 1 and content[2:4].count(0) == 1


def _delimiter(text: str) -> str:
    """Return what parts the cells of the header: that by which `email` is a cell of its own."""
    header = next((line for line in io.StringIO(text, newline="") if line.strip()), "")

    def likelihood(delimiter: str) -> tuple[bool, int]:
        cells = [
            cell.strip().lower() for cell in next(csv.reader([header], delimiter=delimiter), [])
        ]
        return "email" in cells, len(cells)

    return max(DELIMITERS, key=likelihood)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, [unguard(cell) for cell in cells]
    except csv.Error as error:
        raise FileNotCsv(f"Row {number + 1} cannot be read: {error}.") from error
