"""What HTTP says about an error: RFC 9457 problem documents for all of them.

Every code has a heading in docs/problems.md; a test compares the two.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found, permission_denied
from psycopg2.errorcodes import FOREIGN_KEY_VIOLATION
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ticketmgr.errors import DomainError, TryAgain
from ticketmgr.transactions import sqlstate

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# RFC 9457 §3.1.1: a type is a URI; these resolve to the catalogue that the server itself serves.
TYPE_PREFIX = "/api/v1/problems/#"
# Seconds after which a client may repeat a request that met a busy or absent database.
RETRY_AFTER_S = 1

# Code and title of what is not an error of the domain, by HTTP status.
FRAMEWORK_PROBLEMS = {
    400: ("bad_request", "The request could not be understood."),
    401: ("not_authenticated", "Valid credentials are needed."),
    403: ("permission_denied", "This is not yours to do."),
    404: ("not_found", "There is nothing here that you may see."),
    405: ("method_not_allowed", "This address does not take that method."),
    406: ("not_acceptable", "Nothing that you accept is spoken here."),
    411: ("length_required", "Send the body with its Content-Length, not in chunks."),
    413: ("body_too_large", "The body is larger than anything this server reads."),
    415: ("unsupported_media_type", "The body is in a media type that this address does not read."),
    429: ("too_many_requests", "Too many requests; wait before the next one."),
    500: ("internal_error", "The server failed; the failure was logged."),
}
INVALID = ("invalid", "The input is not valid.")
CSRF_FAILED = ("csrf_failed", "The session's CSRF token is missing or wrong.")


def document(*, code: str, title: str, status: int, detail: str, **members: Any) -> dict[str, Any]:
    """Return the members of a problem document, the standard ones first."""
    return {
        "type": f"{TYPE_PREFIX}{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **members,
    }


def response(problem: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem document as a REST framework response."""
    return Response(problem, status=problem["status"], headers=headers, content_type=CONTENT_TYPE)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn whatever a view raised into a problem document; None leaves it to `handler500`."""
    set_rollback()
    # A problem is JSON even where the view speaks YAML or HTML, as the schema's and the docs' do.
    context["request"].accepted_renderer = JSONRenderer()
    context["request"].accepted_media_type = JSONRenderer.media_type
    answer = answer_to(error)
    if answer is not None and answer.status_code == status.HTTP_401_UNAUTHORIZED:
        # RFC 9110 §15.5.2: a 401 names the challenge.
        challenge = context["view"].get_authenticate_header(context["request"])
        answer.headers.setdefault("WWW-Authenticate", challenge)
    return answer


def answer_to(error: Exception) -> Response | None:
    """Return the problem of an error; None for one that is a failure of the server."""
    if isinstance(error, OperationalError | InterfaceError):
        # Lock and statement timeouts, lost connections: not decided, so never a refusal.
        logger.error("database unavailable: %s", error)
        error = TryAgain()
    if isinstance(error, DomainError):
        return response(_domain_problem(error), _domain_headers(error))
    if isinstance(error, DjangoValidationError):
        return response(_invalid(_model_errors(error)))
    if isinstance(error, RequestDataTooBig):
        return response(_status_problem(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE))
    if isinstance(error, Http404 | ObjectDoesNotExist) or _refers_to_nothing(error):
        # What a permission check had found was deleted before the service locked it.
        error = exceptions.NotFound()
    elif isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        return response(_invalid(list(_input_errors(error.get_full_details()))))
    if isinstance(error, exceptions.APIException):
        return response(_framework_problem(error), _headers(error))
    return None


def _refers_to_nothing(error: Exception) -> bool:
    """Whether a row was to refer to one that was deleted meanwhile; told at the commit."""
    return isinstance(error, IntegrityError) and sqlstate(error) == FOREIGN_KEY_VIOLATION


def _domain_problem(error: DomainError) -> dict[str, Any]:
    return document(
        code=error.code,
        title=error.title,
        status=error.status,
        detail=error.detail,
        **error.members,
    )


def _domain_headers(error: DomainError) -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_S)} if isinstance(error, TryAgain) else {}


def _invalid(errors: list[dict[str, str]]) -> dict[str, Any]:
    code, title = INVALID
    count = len(errors)
    detail = errors[0]["detail"] if count == 1 else f"{count} parts of the input are not valid."
    return document(code=code, title=title, status=400, detail=detail, errors=errors)


def _model_errors(error: DjangoValidationError) -> list[dict[str, str]]:
    """Return the errors of a model's `full_clean`, with a pointer to the field of each."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    return [
        {
            "pointer": "#" if field in ("", "__all__") else f"#/{field}",
            "code": str(item.code or "invalid"),
            "detail": " ".join(item.messages),
        }
        for field, items in by_field.items()
        for item in items
    ]


def _input_errors(details: Any, path: str = "#") -> Iterator[dict[str, str]]:
    """Flatten a serializer's nested error details into RFC 6901 pointers."""
    if isinstance(details, Mapping) and {"message", "code"} == set(details):
        yield {"pointer": path, "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, Mapping):
        for key, inner in details.items():
            step = "" if key == "non_field_errors" else f"/{_escaped(str(key))}"
            yield from _input_errors(inner, path + step)
    elif isinstance(details, list):
        for index, inner in enumerate(details):
            leaf = isinstance(inner, Mapping) and {"message", "code"} == set(inner)
            yield from _input_errors(inner, path if leaf else f"{path}/{index}")


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _framework_problem(error: exceptions.APIException) -> dict[str, Any]:
    code, title = FRAMEWORK_PROBLEMS.get(error.status_code, FRAMEWORK_PROBLEMS[400])
    detail = error.detail if isinstance(error.detail, str) else title
    if isinstance(error, exceptions.PermissionDenied) and detail.startswith("CSRF Failed"):
        code, title = CSRF_FAILED
    return document(code=code, title=title, status=error.status_code, detail=str(detail))


def _status_problem(status: int, detail: str = "") -> dict[str, Any]:
    code, title = FRAMEWORK_PROBLEMS[status]
    return document(code=code, title=title, status=status, detail=detail or title)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait_s := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait_s) + 1)
    return headers


# --- Outside REST framework: unmatched addresses, broken requests, failures ---------------------


def _plain(status: int, detail: str = "") -> JsonResponse:
    problem = _status_problem(status, detail)
    return JsonResponse(problem, status=status, content_type=CONTENT_TYPE)


def _is_page(request: HttpRequest) -> bool:
    """Whether a person asked, by a browser; the API answers everybody by problem documents."""
    if request.path.startswith("/api/"):
        return False
    return request.path.startswith("/admin/") or "text/html" in request.headers.get("Accept", "")


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refused, such as one with a forged Host."""
    return _plain(status.HTTP_400_BAD_REQUEST)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a refusal outside the API; people get a page."""
    if _is_page(request):
        return permission_denied(request, exception)
    return _plain(status.HTTP_403_FORBIDDEN)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that no view has; people get a page."""
    if _is_page(request):
        return page_not_found(request, exception)
    hint = "" if request.path.endswith("/") else "API addresses end in a slash."
    return _plain(status.HTTP_404_NOT_FOUND, hint)


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer a failure without telling anything about it; Django has logged the traceback."""
    return _plain(status.HTTP_500_INTERNAL_SERVER_ERROR)


def body_too_large() -> HttpResponse:
    """Answer a body that nothing here would read to its end."""
    return _plain(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)


def length_required() -> HttpResponse:
    """Answer a body that came in chunks: Django would read it as empty."""
    return _plain(status.HTTP_411_LENGTH_REQUIRED)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was posted without the session's CSRF token."""
    code, title = CSRF_FAILED
    problem = document(code=code, title=title, status=403, detail=reason or title)
    return JsonResponse(problem, status=403, content_type=CONTENT_TYPE)
