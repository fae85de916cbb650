# syntax=docker/dockerfile:1
# The bot, and nothing that it does not need: a few files of plain JavaScript with its libraries in them (npm run
# build), no node_modules, no sources, no sandbox.
FROM node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
# Everything, development tools too: none of it leaves this stage by itself. No package's install script runs.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts ./scripts
COPY src ./src
RUN node scripts/build.ts

FROM base AS bot
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 NODE_COMPILE_CACHE=/app/.compile-cache
# glibc's own value, but fixed: by itself it keeps ever more of what is freed, some 5 MB after a start.
ENV MALLOC_TRIM_THRESHOLD_=131072
# Compiled once here, as the user who will run it, so that a start under a read-only root is a warm one.
RUN mkdir .compile-cache && chown 1000:1000 .compile-cache
USER 1000:1000
RUN ["node", "-e", "require('node:module').enableCompileCache(); import('/app/dist/app.js').then(() => require('node:module').flushCompileCache())"]
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1 and handles SIGTERM itself: it drains for up to 10 s and exits with 0.
CMD ["node", "dist/main.js"]
