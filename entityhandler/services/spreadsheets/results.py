"""What came of the rows of a file."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from entityhandler.models import RowStatus


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row is refused; `column` is None where it is no single one."""

    column: str | None
    code: str
    detail: str


class RowRefused(Exception):
    """A row cannot be carried out; the others can."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        self.errors = errors

    @classmethod
    def because(cls, column: str | None, code: str, detail: str) -> "RowRefused":
        """Return a refusal for one reason."""
        return cls([RowError(column, code, detail)])


@dataclass(frozen=True, slots=True)
class RowResult:
    """What came of one row; `row` counts as spreadsheets do, the header being 1."""

    row: int
    status: RowStatus
    errors: Sequence[RowError] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the result as it is answered and kept."""
        errors = [asdict(error) for error in self.errors]
        return {"row": self.row, "status": self.status.value, "errors": errors}
