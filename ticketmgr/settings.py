"""The one settings file, fed by the environment; .env fills what the environment leaves out.

Every variable is listed in the README and in .env.example; a test compares the three.
"""

from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv

from ticketmgr import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env")

# --- What kind of process this is -------------------------------------------------------------

DEBUG = env.flag("DEBUG", default=False)
# The demo accounts and their published password work only where this is on.
DEMO = env.flag("DEMO", default=False)
DEMO_PASSWORD = env.text("DEMO_PASSWORD", default="ticket-demo")
HTTPS_ONLY = env.flag("HTTPS_ONLY", default=not DEBUG)

if DEMO and HTTPS_ONLY:
    raise ImproperlyConfigured(
        "DEMO=true publishes passwords and is for one machine: set HTTPS_ONLY=false beside it, "
        "or leave DEMO off."
    )

env.require(
    ["DATABASE_URL"] if DEBUG else ["SECRET_KEY", "OTP_KEYS", "DATABASE_URL", "ALLOWED_HOSTS"]
)

# The fallbacks below are reached with DEBUG=true alone; they are public and protect nothing.
SECRET_KEY = env.secret("SECRET_KEY", default="debug-only-" + "0123456789abcdef" * 4)
OTP_KEYS = env.secret("OTP_KEYS", default="1:" + "ZGVidWctb25seS1kZWJ1Zy1vbmx5LWRlYnVnLW9ubHk=")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

# --- Applications ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "entityhandler.admin_config.TicketAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "web.apps.StaticFiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "entityhandler",
    "otphandler",
    "web.apps.WebConfig",
]

MIDDLEWARE = [
    "ticketmgr.middleware.HeadHasNoBody",
    "ticketmgr.middleware.BodyHasALength",
    "ticketmgr.middleware.BodyIsBounded",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # After the static files: a policy says what a document may do, and would weigh on each of them.
    "ticketmgr.content_security.ContentSecurityPolicy",
    # Devices need nothing of what follows.
    "otphandler.views.gate.PlainScansFirst",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "ticketmgr.urls"
WSGI_APPLICATION = "ticketmgr.wsgi.application"
# With the default, `POST /api/v1/events` would be redirected and nothing created.
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database --------------------------------------------------------------------------------

# A scan that waits longer than this for its ticket row is answered 503, never admitted late.
DATABASE_LOCK_TIMEOUT_MS = env.number("DATABASE_LOCK_TIMEOUT_MS", default=5_000, at_least=1)
# No request has a reason to run one statement longer than this; the gate must not queue behind it.
DATABASE_STATEMENT_TIMEOUT_MS = env.number(
    "DATABASE_STATEMENT_TIMEOUT_MS", default=30_000, at_least=1
)

DATABASES = {
    "default": dj_database_url.parse(
        env.secret("DATABASE_URL"),
        # Connections live for ten minutes: opening one costs more than a scan.
        conn_max_age=600,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://: there is one engine.")
# Django's own, with a health check that costs no round trip.
DATABASES["default"]["ENGINE"] = "ticketmgr.postgresql"
# No JIT: it compiles for longer than any statement of ours then runs.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    f"-c lock_timeout={DATABASE_LOCK_TIMEOUT_MS} "
    f"-c statement_timeout={DATABASE_STATEMENT_TIMEOUT_MS} "
    "-c jit=off"
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ----------------------------------------------------------------------------------

AUTH_USER_MODEL = "entityhandler.User"
# The e-mail is unique, by an index over its lower-case form, which this check cannot see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = [
    "entityhandler.authentication.RefuseDemoPassword",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "entityhandler.hashers.Argon2",
    # Opens what was hashed before Argon2 came; the next sign-in hashes it anew.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    # NIST SP 800-63B-4 §3.1.1.2 asks for at least 8 characters beside a list of common ones.
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
USER_TOKEN_DAYS = env.number("USER_TOKEN_DAYS", default=30, at_least=1)

# --- Mail ------------------------------------------------------------------------------------

# Where people reach the pages: links in mails begin with it.
PUBLIC_URL = env.text(
    "PUBLIC_URL",
    default=f"{'https' if HTTPS_ONLY else 'http'}://{ALLOWED_HOSTS[0]}"
    + ("" if HTTPS_ONLY else f":{env.number('PORT', default=8000)}"),
).rstrip("/")
EMAIL_HOST = env.text("EMAIL_HOST")
# Without a server mails are printed where the process prints.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = env.number("EMAIL_PORT", default=587, at_least=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
# A request waits for the mail server after its commit; it must not wait for ever.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", default="tickets@localhost")

# --- The gate ---------------------------------------------------------------------------------

# How late a device may hand in the scans that it made without a network: a long day at the gate.
SCAN_LEASE_MINUTES = env.number("SCAN_LEASE_MINUTES", default=720, at_least=1)
# How long an event's registrations and scans are kept after its end. PostgreSQL itself refuses to
# let go of scans before 30 days.
RETENTION_DAYS = env.number("RETENTION_DAYS", default=180, at_least=30)

# --- Wallets ----------------------------------------------------------------------------------

# Without both there is no "Add to Google Wallet"; read and checked by otphandler/google_wallet.
GOOGLE_WALLET_ISSUER_ID = env.text("GOOGLE_WALLET_ISSUER_ID")
GOOGLE_WALLET_SERVICE_ACCOUNT = env.secret("GOOGLE_WALLET_SERVICE_ACCOUNT")
# Google demands a name of whoever gives the ticket out and prints it at the top.
GOOGLE_WALLET_ISSUER_NAME = env.text("GOOGLE_WALLET_ISSUER_NAME", default="Ticket Manager")

# --- HTTP ------------------------------------------------------------------------------------

# How many proxies of ours stand in front; with 0, X-Forwarded-For is nobody's word.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", default=0)
# A batch of 500 scans is about 150 kB; nothing we accept as JSON is larger than this many bytes.
# Files have a limit of their own, see ticketmgr/uploads.py.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "entityhandler.authentication.UserTokenAuthentication",
        "otphandler.authentication.ScannerTokenAuthentication",
        "otphandler.authentication.DeviceCookieAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["ticketmgr.parsers.BoundedJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "ticketmgr.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "ticketmgr.openapi.Schema",
    "EXCEPTION_HANDLER": "ticketmgr.problems.exception_handler",
    "NUM_PROXIES": TRUSTED_PROXIES,
    # Against floods only: these counters live in each worker's memory and are inexact by design.
    "DEFAULT_THROTTLE_RATES": {
        "sign-up": env.text("SIGN_UP_RATE", default="60/min"),
        "sign-in": env.text("SIGN_IN_RATE", default="60/min"),
        # Per device: quicker than people type, too slow to read a guest list by the alphabet.
        "guest-search": "60/min",
    },
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Ticket Manager",
    "VERSION": "1",
    "DESCRIPTION": "Events, registrations and admission by one-time codes, exactly once.",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [],
    "ENUM_NAME_OVERRIDES": {},
}

if HTTPS_ONLY:
    SECURE_SSL_REDIRECT = True
    # Probes come from inside, over plain HTTP.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# A message may hold a scanner's new token, once: it travels in a signed cookie and never reaches
# the session table.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
CSRF_FAILURE_VIEW = "ticketmgr.problems.csrf_failure"

# --- Static files ----------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "web.static_files.HashedStaticFiles"
    },
}

# --- Language, time, logs --------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
# Complete ones alone: tests/web/test_messages.py says what is missing in web/locale.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# An event's own zone is a field; the process stays in UTC.
TIME_ZONE = "UTC"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", default="INFO").upper()},
    # A refused scan is an answer, not a fault: Django would warn about each 4xx.
    "loggers": {"django.request": {"level": "ERROR"}},
}
