# syntax=docker/dockerfile:1
# The bot, and nothing that it does not need: production dependencies, the sources, no build tools, no sandbox.
# There is no build step: Node runs the TypeScript. Pin the base by digest in your own registry's mirror.
FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app

FROM base AS dependencies
COPY package.json package-lock.json ./
# The optional dependencies are Node itself, which the image has. No package's install script runs.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund && npm cache clean --force
# Traces are for those who have a collector: docker build --build-arg OPENTELEMETRY=true
ARG OPENTELEMETRY=false
RUN if [ "$OPENTELEMETRY" = true ]; then \
  npm install --no-save --save-prod --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
    @opentelemetry/api@1.10.0 @opentelemetry/exporter-trace-otlp-proto@0.301.1 @opentelemetry/resources@3.1.1 @opentelemetry/sdk-trace@3.1.1 \
  && npm cache clean --force; fi

FROM base AS bot
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 NODE_COMPILE_CACHE=/app/.compile-cache
# Compiled once here, as the user who will run it, so that a start under a read-only root is a warm one.
RUN mkdir .compile-cache && chown 1000:1000 .compile-cache
USER 1000:1000
RUN ["node", "-e", "require('node:module').enableCompileCache(); import('/app/src/app.ts').then(() => require('node:module').flushCompileCache())"]
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1 and handles SIGTERM itself: it drains for up to 10 s and exits with 0.
CMD ["node", "--import", "./src/check-node.mjs", "src/main.ts"]
