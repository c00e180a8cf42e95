"""The one family of errors that services raise; each carries its stable code and HTTP status."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """A request that was understood and is refused by a rule of the domain.

    Subclasses are declared beside the service that raises them and set `code` (stable, in
    docs/problems.md), `status` (HTTP) and `title` (one sentence, the same for every occurrence).
    `members` become extra members of the RFC 9457 document.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 409
    title: ClassVar[str]

    def __init__(self, detail: str = "", **members: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.members = members


class InvalidFields(DomainError):
    """Fields of the input are refused; each error names one by an RFC 6901 pointer."""

    code = "invalid"
    status = 400
    title = "The input is not valid."

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors=[asdict(error) for error in errors])
        self.errors = errors


class InvalidField(InvalidFields):
    """One field of the input is refused; `pointer` is the name of that field."""

    def __init__(self, *, pointer: str, code: str, detail: str) -> None:
        super().__init__([FieldError(f"#/{pointer}", code, detail)])


class TryAgain(DomainError):
    """Nothing was decided and nothing was changed; the same request may be sent again."""

    code = "try_again"
    status = 503
    title = "The server could not decide just now; nothing was changed."
