# Two stages: the first has what is needed to build, the second only what is needed to run.

FROM python:3.11-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv --without-pip /opt/courtoisie \
 && pip --python /opt/courtoisie/bin/python install --only-binary :all: --require-hashes -r requirements/runtime.txt \
 && pip install --only-binary :all: --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md ./
COPY config config
COPY templates templates
COPY sandbox sandbox
COPY worker worker
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && pip --python /opt/courtoisie/bin/python install --no-deps dist/*.whl

FROM python:3.11-slim
# A fixed number, so that who may read a mounted file does not depend on the image.
RUN groupadd --system --gid 10001 courtoisie \
 && useradd --system --uid 10001 --gid courtoisie --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin courtoisie
COPY --from=build /opt/courtoisie /opt/courtoisie
ENV PATH=/opt/courtoisie/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Not the folder of the code, and empty: without a mounted config/ the one in the wheel is used.
WORKDIR /var/lib/courtoisie
USER 10001:10001
EXPOSE 8000
# Fits the default command; docker-compose.yml sets what fits the others.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["courtoisie"]
CMD ["web", "--host", "0.0.0.0", "--port", "8000"]
