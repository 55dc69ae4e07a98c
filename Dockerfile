# One image for every component and example: the workspace as it is, with its links, because Node runs the TypeScript
# sources of linked packages but refuses copies below node_modules.

FROM node:24-bookworm-slim AS build
WORKDIR /app
# Packages are fetched by the lock file alone, so that a change of sources does not fetch them again.
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
RUN npx -y pnpm@12 fetch --prod --store-dir /tmp/store
COPY . .
RUN npx -y pnpm@12 install --prod --offline --frozen-lockfile --store-dir /tmp/store && rm -rf /tmp/store && node packages/cli/src/bundle.ts dist

FROM node:24-bookworm-slim
# As in bin/promlet.
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/node-compile-cache MALLOC_ARENA_MAX=1
WORKDIR /app
COPY --from=build /app /app
# Named volumes take over the owner of the folder that they are mounted on.
RUN mkdir /data && chown node:node /data
USER node
ENTRYPOINT ["node", "--max-semi-space-size=4", "--min-semi-space-size=4", "--initial-old-space-size=64", "dist/main.mjs"]
CMD ["serve"]
