# syntax=docker/dockerfile:1
# The current Node LTS. Build: docker build -t copernica-webhooks .
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY build build
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts
# The folder that the state's volume is mounted over: a new volume takes its owner from here.
RUN mkdir -p /build/data

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="copernica-webhooks" \
      org.opencontainers.image.description="Keeps the webhooks of a Copernica account as a YAML file in git" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY --from=build --chown=1000:1000 /build/data /data
ENV NODE_ENV=production \
    COPERNICA_WEBHOOKS_FILE=/manifest/webhooks.yaml \
    COPERNICA_WEBHOOKS_STATE=/data/webhooks.state.jsonl
VOLUME /data
USER 1000:1000
# Node is the first process and handles signals itself: no shell, no npm in between.
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run"]
