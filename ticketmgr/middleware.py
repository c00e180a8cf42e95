"""What HTTP asks of every answer, whichever view made it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.http.response import HttpResponse

from ticketmgr.problems import body_too_large, length_required
from ticketmgr.uploads import LARGEST_FILE_BYTES

# The largest file, and the form around it: a boundary and some hundred bytes of headers.
LARGEST_BODY_BYTES = LARGEST_FILE_BYTES + 10_000


class HeadHasNoBody:
    """Take the body off an answer to HEAD (RFC 9110 §9.3.2); its length stays told.

    Django leaves this to the server, and gunicorn does it with a warning for each probe.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer, without its body where the method is HEAD."""
        answer = self.get_response(request)
        if request.method == "HEAD":
            if isinstance(answer, StreamingHttpResponse):
                answer.close()
                answer.streaming_content = iter(())
            elif isinstance(answer, HttpResponse):
                answer.content = b""
        return answer


class BodyHasALength:
    """Refuse a body in chunks (RFC 9112 §6.3), which Django would take for an empty one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer, 411 to a body without a length."""
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            return length_required()
        return self.get_response(request)


class BodyIsBounded:
    """Refuse what is larger than anything that is read here, before any of it is.

    Django bounds what it keeps in memory. A form with a file it writes to the disk, as large as it
    is, wherever somebody looks into the form, and the check against forged requests does.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer, 413 to a body that is too large."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > LARGEST_BODY_BYTES:
            return body_too_large()
        return self.get_response(request)
