// Holds the source tree to the rules of CONTRIBUTING.md: layers, bans with their replacement, dead files, docs.
// Sizes are reported, not judged.

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { layers } from './layers.ts'

const root = resolve(import.meta.dirname, '..')
const packages = readdirSync(join(root, 'packages'))

interface Source {
  readonly path: string
  readonly package: string
  readonly text: string
  /** Imported paths as written, types included. */
  readonly imports: readonly string[]
}

const IMPORT = /(?:from|import\()\s*'([^'\n]+)'|new URL\('([^'\n]+)', import\.meta\.url\)|^import '([^'\n]+)'/gm

const sources: readonly Source[] = globSync('packages/*/src/**/*.ts', { cwd: root }).map((path) => {
  const text = readFileSync(join(root, path), 'utf8')
  const imports = [...text.matchAll(IMPORT)].map((match) => (match[1] ?? match[2] ?? match[3]) as string)
  return { path, package: path.split('/')[1] as string, text, imports }
})
/** Tests may use what the root lists. */
const rootKnows = new Set(Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies))
const isTest = (path: string) => /\.(test|bench)\.ts$/.test(path)
const production = sources.filter(({ path }) => !isTest(path))

describe('layers', () => {
  test('every package stands in the table', () => {
    expect(packages.sort()).toEqual(Object.keys(layers).sort())
  })

  test('the table points strictly down, but for the page that the server serves', () => {
    const wrong = Object.entries(layers).flatMap(([name, { layer, mayImport }]) =>
      mayImport
        .filter((other) => (layers[other]?.layer ?? 99) >= layer && !(name === 'server' && other === 'web'))
        .map((other) => `${name} -> ${other}`),
    )
    expect(wrong).toEqual([])
  })

  test.each(packages)('the manifest of %s lists only what the table allows', (name) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
    const listed = Object.keys(manifest.dependencies ?? {}).filter((dependency) => dependency.startsWith('@promlet/'))
    const allowed = (layers[name]?.mayImport ?? []).map((other) => `@promlet/${other}`)
    expect(listed.filter((dependency) => !allowed.includes(dependency))).toEqual([])
  })

  test('sources import only packages of their manifest, by the package name', () => {
    const wrong = sources.flatMap(({ path, package: name, imports }) => {
      const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
      const known = new Set([`@promlet/${name}`, ...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })])
      return imports
        .filter((target) => !target.startsWith('.') && !target.startsWith('node:') && !target.startsWith('data:'))
        .map((target) => target.match(/^(@[^/]+\/[^/]+|[^/]+)/)?.[0] ?? target)
        .filter((target) => !known.has(target) && !(isTest(path) && rootKnows.has(target)))
        .map((target) => `${path} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  test('no relative import leaves its package', () => {
    const wrong = production.flatMap(({ path, package: name, imports }) =>
      imports
        .filter((target) => target.startsWith('.'))
        .filter((target) => !relative(root, resolve(root, dirname(path), target)).startsWith(`packages/${name}/`))
        .map((target) => `${path} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })
})

interface Ban {
  readonly pattern: RegExp
  readonly instead: string
  readonly except?: (path: string) => boolean
}

const bans: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bperformance\.now\(/,
    instead: 'the Clock that was passed in',
    except: (path) =>
      path === 'packages/model/src/clock.ts' || path.startsWith('packages/model/src/testing/') || path.startsWith('packages/web/'),
  },
  { pattern: /\bconsole\.(?:log|error|warn|info|debug)\b/, instead: 'the Logger that was passed in' },
  {
    pattern: /\bprocess\.exit\(/,
    instead: 'an error that the command line turns into an exit code',
    except: (path) => path.startsWith('packages/cli/'),
  },
  { pattern: /^export \*/m, instead: 'named exports in reading order' },
  { pattern: /\bfrom 'prom-client'/, instead: '@promlet/telemetry', except: (path) => path.startsWith('packages/telemetry/') },
  { pattern: /\bfrom 'better-sqlite3'/, instead: '@promlet/sqlite', except: (path) => path.startsWith('packages/sqlite/') },
  { pattern: /\b(?:FIXME|TODO|XXX)\b/, instead: 'an issue' }, // forbids them, is none
  { pattern: /\bas any\b|: any\b/, instead: 'unknown, parsed at the edge' }, // forbids them, has none
]

describe('bans', () => {
  test.each(bans)('$pattern gives way to $instead', ({ pattern, except }) => {
    const wrong = production.filter(({ path, text }) => !except?.(path) && pattern.test(withoutComments(text))).map(({ path }) => path)
    expect(wrong).toEqual([])
  })

  test('no test is left focused', () => {
    const wrong = sources.filter(({ path, text }) => isTest(path) && /\b(?:test|describe|it)\.only\b/.test(text)).map(({ path }) => path)
    expect(wrong).toEqual([])
  })
})

describe('files', () => {
  test('names are kebab-case and say what a thing is, not its kind', () => {
    const wrong = sources.filter(({ path }) => {
      const name = basename(path).replace(/(\.(test|bench))?\.ts$/, '')
      return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || /^(utils?|helpers?|common|misc|types)$/.test(name)
    })
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test('every file is imported by another or is an entry', () => {
    const imported = new Set(
      sources.flatMap(({ path, imports }) =>
        imports.filter((target) => target.startsWith('.')).map((target) => join(dirname(path), target)),
      ),
    )
    const isEntry = (path: string) => entries().has(path)
    const dead = production.filter(({ path }) => !isEntry(path) && !imported.has(path)).map(({ path }) => path)
    expect(dead).toEqual([])
  })

  test('every package has a README and a description', () => {
    const wrong = packages.filter((name) => {
      const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
      return !existsSync(join(root, 'packages', name, 'README.md')) || !manifest.description
    })
    expect(wrong).toEqual([])
  })

  test('the ports have a docstring each', () => {
    const text = readFileSync(join(root, 'packages/model/src/ports.ts'), 'utf8')
    const bare = [...text.matchAll(/(.*)\nexport (?:interface|class) (\w+)/g)]
      .filter(([, before]) => !before?.trimEnd().endsWith('*/'))
      .map(([, , name]) => name)
    expect(
      bare.filter((name) => name !== 'Answer' && name !== 'VectorSample' && name !== 'SelectOptions' && name !== 'QueryOptions'),
    ).toEqual([])
  })
})

test('sizes are reported', () => {
  const long = production
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > 400)
    .sort((left, right) => right.lines - left.lines)
  const lines = production.map(({ text }) => text.split('\n').length - 1).sort((left, right) => left - right)
  const median = lines[Math.floor(lines.length / 2)]
  process.stderr.write(
    `sizes: ${production.length} files, median ${median} lines; over 400: ${long.map(({ path, lines }) => `${path} ${lines}`).join(', ') || 'none'}\n`,
  )
})

function entries(): ReadonlySet<string> {
  const found = new Set<string>()
  for (const name of packages) {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
    for (const target of Object.values<string>(manifest.exports ?? {})) found.add(join('packages', name, target))
    if (name === 'cli') found.add('packages/cli/src/main.ts').add('packages/cli/src/bundle.ts')
    if (name === 'web') found.add('packages/web/src/page/main.ts')
  }
  return found
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}
