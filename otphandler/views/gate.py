"""The short way of a scan: what frameworks do for every request, done for this one.

At the gate the frameworks were most of the cost: sessions, languages, messages and addresses,
looking for an action, trying authenticators and negotiators, copying serializer fields. A plain
scan, which is nearly every one, takes this way: the same credentials, the same service, the same
answers. Whatever is not plain, a wrong token, a body that is no scan, another method, goes the long
way, which knows how to say what is wrong. The numbers are in docs/performance.md.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from otphandler.answers import scan_response
from otphandler.authentication import CHALLENGE, scanner_asking
from otphandler.models import Scanner
from otphandler.serializers.plain_scans import NotPlain, read_plain_scan
from otphandler.services.admission import Attempt, submit_scan
from ticketmgr import problems

# Where scans are posted; a test compares it with the addresses.
PATH = "/api/v1/scans/"
# A scan is about 200 bytes; anything much longer is not plain.
MAX_BODY_BYTES = 2000


class PlainScansFirst:
    """Answer plain scans; pass everything else on. Before the middleware that pages need."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer to the scan, or whatever the long way answers."""
        if request.path_info != PATH or request.method != "POST":
            return self.get_response(request)
        # As Django's own middleware does: a forged host is refused.
        request.get_host()
        return _answer(request) or self.get_response(request)


def _answer(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a plain scan, None to anything else."""
    try:
        attempt = _read(request)
        scanner = scanner_asking(request)
        return None if scanner is None else _as_json(_judge(scanner, attempt))
    except NotPlain:
        return None
    except Exception as error:
        answer = problems.answer_to(error)
        if answer is None:
            raise
        return _as_json(answer)


def _read(request: HttpRequest) -> Attempt:
    """Return the scan of a request that wants nothing special; raises NotPlain."""
    about = request.META
    is_plain = (
        about.get("CONTENT_TYPE") == JSONRenderer.media_type
        and about.get("HTTP_ACCEPT", "*/*") in ("*/*", JSONRenderer.media_type)
        and not about.get("QUERY_STRING")
        # Four digits at most; a body without a length was refused before.
        and len(about.get("CONTENT_LENGTH") or "") <= len(str(MAX_BODY_BYTES))
    )
    if not is_plain or len(request.body) > MAX_BODY_BYTES:
        raise NotPlain
    return read_plain_scan(request.body)


def _judge(scanner: Scanner, attempt: Attempt) -> Response:
    return scan_response(submit_scan(scanner=scanner, attempt=attempt, now=timezone.now()))


def _as_json(answer: Response) -> HttpResponse:
    """Return an answer as bytes; REST framework would have a view render it."""
    if answer.status_code == 401:
        answer.headers.setdefault("WWW-Authenticate", CHALLENGE)
    answer.headers["Content-Type"] = answer.content_type or JSONRenderer.media_type
    body = JSONRenderer().render(answer.data)
    answer.headers["Content-Length"] = str(len(body))
    return HttpResponse(body, status=answer.status_code, headers=answer.headers)
