"""Every address of the server."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from ticketmgr.health import healthz, readyz
from ticketmgr.problem_pages import problem_catalogue

# Split: its script is a file of its own, which the policy of that page allows. Without metadata:
# OPTIONS would look for a template of this page.
docs = SpectacularSwaggerSplitView.as_view(url_name="schema", metadata_class=None)

api: list[URLPattern | URLResolver] = [
    # The gate first: patterns are tried in turn.
    path("", include("otphandler.urls")),
    path("", include("entityhandler.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    path("problems/", problem_catalogue, name="problems"),
]

urlpatterns = [
    path("", include("web.urls")),
    path("api/v1/", include(api)),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]

handler400 = "ticketmgr.problems.handler400"
handler403 = "ticketmgr.problems.handler403"
handler404 = "ticketmgr.problems.handler404"
handler500 = "ticketmgr.problems.handler500"
