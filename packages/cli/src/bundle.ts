// Writes the promlet command, libraries included, as a few files, which a start finds, reads and links sooner than eight hundred
// (docs/decisions/010). `bin/promlet` runs it when a source has changed:  node packages/cli/src/bundle.ts FOLDER

import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type OutputFile, type Plugin } from 'esbuild'

const CLI = fileURLToPath(new URL('.', import.meta.url))
const PACKAGES = dirname(dirname(CLI))

/** What is started by its file: the command, and the threads. */
const ENTRIES = [
  join(CLI, 'main.ts'),
  join(PACKAGES, 'server/src/long-queries/query-thread.ts'),
  join(PACKAGES, 'sqlite/src/checkpoint-worker.ts'),
]

/**
 * Libraries that find binaries beside their own files, those that other libraries ask for only when they need them, and one that we
 * import when it is needed: bundled, CommonJS that is imported so would lose the names of what it exports.
 */
const LEFT = /^(better-sqlite3|esbuild|@fastify\/ajv-compiler|@fastify\/fast-json-stringify-compiler|light-my-request|undici)$/

/** Where a source asks for its place, or for that of another source. */
const PLACE = /new URL\('\.\/([\w-]+)\.ts', import\.meta\.url\)|import\.meta\.url/g

/** A server that is running may still load parts of an earlier bundle. */
const KEPT_MS = 24 * 3_600_000

/** Bundled libraries that are CommonJS ask for Node's modules by `require`. */
const REQUIRE = "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);"

const [folder = ''] = process.argv.slice(2)
if (folder === '') {
  fail('usage: bundle.ts FOLDER')
} else {
  try {
    write(await bundle(resolve(folder)), resolve(folder))
  } catch (error) {
    fail(`promlet: no bundle was written to ${folder}, so sources are run as they are: ${(error as Error).message}`)
  }
}

async function bundle(to: string): Promise<readonly OutputFile[]> {
  const { outputFiles } = await build({
    entryPoints: ENTRIES,
    entryNames: '[name]',
    outdir: to,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: dirname(PACKAGES),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: `node${process.versions.node}`,
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [leaveLibraries(to), keepPlaces(to)],
    write: false,
  })
  return outputFiles
}

/** Libraries that stay where they are are imported by their path from the bundle. */
function leaveLibraries(to: string): Plugin {
  const name = 'leave-libraries'
  return {
    name,
    setup({ onResolve, resolve: find }) {
      onResolve({ filter: LEFT }, async ({ path, kind, resolveDir, pluginData }) => {
        if (pluginData === name) return undefined
        const found = await find(path, { kind, resolveDir, pluginData: name })
        return { path: relative(to, found.path), external: true, errors: found.errors }
      })
    },
  }
}

/** A source's `import.meta.url` still names the source; what it starts as a thread is the one in the bundle. */
function keepPlaces(to: string): Plugin {
  return {
    name: 'keep-places',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const own = `new URL(${JSON.stringify(relative(to, path))}, import.meta.url)`
        const contents = readFileSync(path, 'utf8').replace(PLACE, (_, name: string | undefined) => {
          if (name === undefined) return `${own}.href`
          const isEntry = ENTRIES.includes(join(dirname(path), `${name}.ts`))
          return isEntry ? `new URL('./${name}.mjs', import.meta.url)` : `new URL('./${name}.ts', ${own})`
        })
        return { contents, loader: 'ts' }
      })
    },
  }
}

/** Several may write at once, and another may read: every file comes whole, and the command after what it imports. */
function write(files: readonly OutputFile[], to: string): void {
  mkdirSync(to, { recursive: true })
  const isCommand = ({ path }: OutputFile) => Number(basename(path) === 'main.mjs')
  for (const { path, contents } of files.toSorted((a, b) => isCommand(a) - isCommand(b))) {
    const part = `${path}.${randomUUID()}`
    writeFileSync(part, contents)
    renameSync(part, path)
  }
  const written = new Set(files.map(({ path }) => basename(path)))
  const { mtimeMs: now } = statSync(join(to, 'main.mjs'))
  for (const name of readdirSync(to)) {
    const path = join(to, name)
    if (!written.has(name) && statSync(path).mtimeMs < now - KEPT_MS) rmSync(path)
  }
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
