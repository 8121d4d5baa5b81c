# genset in a container: `docker build -t genset .`, and then see docs/running.md.

FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/genset \
    && /opt/genset/bin/pip install --no-cache-dir --only-binary=:all: .

FROM python:3.13-slim
# Its number is fixed, so that the owner of what is in a volume stays the same.
RUN useradd --system --uid 10001 --home-dir /data --no-create-home genset \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/genset /opt/genset
# Outside of the container nobody reaches the loopback address. At another one the server asks for
# --auth sigv4, or to be told that anybody may use it (GENSET_INSECURE=true), and ends without.
ENV PATH=/opt/genset/bin:$PATH \
    GENSET_HOST=0.0.0.0
USER 10001:10001
# The data is in /data/genset-data; settings may be in /data/genset.toml.
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('GENSET_PORT', '8000'), timeout=2)"]
ENTRYPOINT ["genset"]
CMD ["serve"]
