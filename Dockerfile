# One image for every service of docker-compose.yml: the hub's environment and Superset's own.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium make git tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 hub \
    && install -d -o hub -g hub /srv/hub /var/lib/hub /businesses
USER hub
WORKDIR /srv/hub
COPY --chown=hub:hub . .
RUN make setup
ENV PATH="/srv/hub/.venv/bin:$PATH" \
    HUB_HOME=/var/lib/hub \
    HUB_CONFIG_HOME=/var/lib/hub/config \
    HUB_BUSINESS=/srv/hub/sandbox/samples/pizza
CMD ["hub", "--help"]
