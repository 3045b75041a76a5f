# The image of LC Workflow: the first stage brings the locked environment, the second runs it without any rights.

FROM python:3.13-slim AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
RUN pip install --no-cache-dir uv==0.13.9
# The dependencies change seldom, so they are a layer of their own.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-default-groups --no-install-project
COPY src src
RUN uv sync --frozen --no-dev --no-default-groups && python -m compileall -q src

FROM python:3.13-slim
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
# The same as `make run` gives the server; platform/workbench.py says why.
ENV GRANIAN_INTERFACE=asgi GRANIAN_FACTORY=true GRANIAN_BACKPRESSURE=4096 GRANIAN_WORKERS_KILL_TIMEOUT=10 \
    GRANIAN_LOG_LEVEL=warning MALLOC_ARENA_MAX=2 PYTHONNODEBUGRANGES=1
WORKDIR /app
# Files are kept here unless MINIO_ENDPOINT is set; mount a volume then.
RUN useradd --system --uid 10001 --no-create-home house && install -d -o 10001 uploads
COPY --from=build /app /app
# The revisions travel with the code they belong to: `alembic upgrade head` works in the image.
COPY db db
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "from http.client import HTTPConnection; from os import environ; server = HTTPConnection('127.0.0.1', int(environ.get('PORT') or 8000), timeout=4); server.request('GET', '/api/v1/health'); raise SystemExit(server.getresponse().status != 200)"]
# Only a shell fills in the variables; exec makes it the server, so that SIGTERM arrives.
CMD ["/bin/sh", "-c", "exec python -m lc_workflow.asgi granian --host ${HOST:-0.0.0.0} --port ${PORT:-8000} --workers ${WEB_CONCURRENCY:-1} lc_workflow.asgi:create_app"]
