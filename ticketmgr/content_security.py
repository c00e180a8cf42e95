"""The Content-Security-Policy of pages and API: scripts of ours alone, no other host, no eval.

Django has this from 6.0 on; the names here (`request.csp_nonce`) are the same.
"""

import secrets
from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponseBase

HEADER = "Content-Security-Policy"
Policy = Mapping[str, str]

# Nothing is allowed but what a line below allows. The nonce is for the import map, which is inline.
PAGES: Policy = {
    "default-src": "'none'",
    "script-src": "'self' 'nonce-{nonce}'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# The admin has no inline script; its style sheets draw icons from data: addresses.
ADMIN: Policy = {**PAGES, "script-src": "'self'", "img-src": "'self' data:"}
# Swagger UI writes style elements and attributes.
DOCS: Policy = {**ADMIN, "style-src": "'self' 'unsafe-inline'"}
BY_PREFIX = {"/admin/": ADMIN, "/api/v1/docs/": DOCS}


class ContentSecurityPolicy:
    """Send the policy with every answer; `request.csp_nonce` is new with each request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer with the policy of its address."""
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        answer = self.get_response(request)
        answer.headers.setdefault(HEADER, _header(_policy_for(request.path_info), nonce))
        return answer


def _policy_for(path: str) -> Policy:
    for prefix, policy in BY_PREFIX.items():
        if path.startswith(prefix):
            return policy
    return PAGES


def _header(policy: Policy, nonce: str) -> str:
    text = "; ".join(f"{directive} {sources}" for directive, sources in policy.items())
    return text.replace("{nonce}", nonce)
