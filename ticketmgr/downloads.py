"""Answers that are files."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils.text import slugify


def csv_download(pieces: Iterator[str], *, about: str) -> StreamingHttpResponse:
    """Return a CSV file that is sent as it is made, under the name of what it is about."""
    name = "-".join(filter(None, ["registrations", slugify(about)[:50]]))
    return StreamingHttpResponse(
        (piece.encode() for piece in pieces),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            # People's names and e-mails: no cache on the way keeps them.
            "Cache-Control": "no-store",
        },
    )
