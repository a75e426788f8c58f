# syntax=docker/dockerfile:1
# The current Node LTS. Build: docker build -t copernica-webhooks .
# Behind a proxy or with a registry of your own: --secret id=npmrc,src=… (and --secret id=ca,src=…, cafile=/run/secrets/ca).
# It is built on the machine's own platform, for whichever is asked for: nothing of the other one has to run.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
ARG TARGETARCH
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund
# What is left is what runs: no binaries for other platforms, no types, sources or manuals. Licences stay, and so do
# the maps of dist, which make the stack of an internal error readable.
RUN platform=linux-$(echo "${TARGETARCH:-$(node -p process.arch)}" | sed 's/^amd64$/x64/') \
 && find node_modules -path '*/prebuilds/*' -prune ! -name "$platform" -exec rm -rf {} + \
 && find node_modules -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' -o -name '*.md' \
      -o -name '*.c' -o -name '*.h' -o -name 'CMakeLists.txt' -o -name 'tsconfig*.json' \) ! -iname 'licen[cs]e*' -delete \
 && rm -rf node_modules/.bin node_modules/.package-lock.json \
 && find node_modules -type d -empty -delete \
 && mkdir -p /out/app /out/data \
 && mv package.json dist node_modules /out/app/

FROM node:24-bookworm-slim
ARG VERSION= REVISION= CREATED=
LABEL org.opencontainers.image.title="copernica-webhooks" \
      org.opencontainers.image.description="Manages a Copernica account's webhooks from a YAML file in git" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.base.name="docker.io/library/node:24-bookworm-slim"
WORKDIR /app
COPY --from=build /out/app ./
# A new volume takes its owner from the folder that it is mounted over.
COPY --from=build --chown=1000:1000 /out/data /data
ENV NODE_ENV=production \
    COPERNICA_WEBHOOKS_FILE=/manifest/webhooks.yaml \
    COPERNICA_WEBHOOKS_STATE=/data/webhooks.state.jsonl \
    COPERNICA_WEBHOOKS_LISTEN=:9465
VOLUME /data
EXPOSE 9465
USER 1000:1000
# Alive, not ready: a broken manifest or an API that is down is no reason to start it anew.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 \
  CMD ["node", "/app/dist/main.js", "healthcheck"]
# Node is the first process and handles signals itself: no shell, no npm in between.
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run"]
