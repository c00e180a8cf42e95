"""The short way of a scan: what REST framework does for every request, done for this one.

At the gate the framework was most of the cost: looking for an action, trying authenticators and
negotiators, copying serializer fields. A plain scan, which is nearly every one, takes this way: the
same credentials, the same service, the same answers. Whatever is not plain, a wrong token, a body
that is no scan, another method, is left to the view behind, which knows how to say what is wrong.
The numbers are in docs/performance.md.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

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

# A scan is about 200 bytes; anything much longer is not plain.
MAX_BODY_BYTES = 2000

View = Callable[..., HttpResponseBase]


def plain_scans_first(view: View) -> View:
    """Return the view of `/scans/` with the short way before it."""

    @wraps(view)
    def take(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            attempt = _read(request)
        except NotPlain:
            return view(request, *args, **kwargs)
        try:
            scanner = scanner_asking(request)
            if scanner is None:
                return view(request, *args, **kwargs)
            return _as_json(_judge(scanner, attempt))
        except Exception as error:
            answer = problems.answer_to(error)
            if answer is None:
                raise
            return _as_json(answer)

    return take


def _read(request: HttpRequest) -> Attempt:
    """Return the scan of a request that wants nothing special; raises NotPlain."""
    about = request.META
    is_plain = (
        request.method == "POST"
        and about.get("CONTENT_TYPE") == JSONRenderer.media_type
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
    return HttpResponse(body, status=answer.status_code, headers=answer.headers)
