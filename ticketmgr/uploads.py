"""Bodies that are files: larger than what is accepted as JSON, and bounded all the same."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

# 20,000 rows of a registration each, with a dozen answers, are about 5 MB.
LARGEST_FILE_BYTES = 10_000_000


class CSVParser(BaseParser):
    """The body is the file."""

    media_type = "text/csv"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, bytes]:
        """Return the body as it is; raises RequestDataTooBig."""
        content: bytes = stream.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise RequestDataTooBig
        return {"file": content}


def uploaded(request: Request) -> bytes:
    """Return the one file of a request; raises ValidationError and RequestDataTooBig."""
    body: Any = request.data
    if set(body) != {"file"} or len(request.FILES.getlist("file")) > 1:
        raise ValidationError({"file": "Send one file, and nothing beside it."}, code="required")
    file = body["file"]
    if isinstance(file, bytes):
        return file
    if isinstance(file, str):
        raise ValidationError({"file": "This is a text, not a file."})
    return content_of(file)


def content_of(file: "UploadedFile[bytes]") -> bytes:
    """Return what is in a file that came with a form; raises RequestDataTooBig."""
    if (file.size or 0) > LARGEST_FILE_BYTES:
        raise RequestDataTooBig
    return bytes(file.read())
