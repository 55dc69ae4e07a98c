// Starting up is part of the product: a process loads what its components need and nothing else. How long it takes is
// measured by bench/startup.ts; a test would only measure the machine.

import { expect, test } from 'vitest'
import { run, until } from './peer.ts'
import { makeFolder, PROMLET } from './promlet.ts'

/** Prints the packages whose sources are in what was loaded until the process is told to stop. */
const reporter = `
import { registerHooks } from 'node:module'
const loaded = new Set()
registerHooks({ load(url, context, next) {
  const result = next(url, context)
  const isBundle = url.includes('/dist/')
  const places = isBundle ? String(result.source).matchAll(/^\\s*(?:\\/\\/ |")(packages|node_modules\\/\\.pnpm)\\/([^/\\n]+?)(?:@\\d[^/]*)?\\//gm) : []
  for (const [, , name] of places) loaded.add(name)
  const found = url.match(/\\.pnpm\\/([^/]+?)@\\d[^/]*\\//)
  if (found !== null) loaded.add(found[1])
  return result
} })
process.once('SIGTERM', () => process.stdout.write('loaded: ' + [...loaded].join(' ') + '\\n'))
`

async function loadedBy(component: string, flags: readonly string[]): Promise<ReadonlySet<string>> {
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(reporter)}`
  const args = ['serve', component, '--web.listen-address=127.0.0.1:0', ...flags]
  await using running = run(PROMLET, args, { env: { ...process.env, NODE_OPTIONS } })
  await until(() => running.output().includes('Promlet is running'), `${component} to run`)
  expect(await running.stop()).toBe(0)
  return new Set(
    running
      .output()
      .match(/^loaded: (.*)$/m)?.[1]
      ?.split(' '),
  )
}

const config = `remote_write: [{url: 'http://127.0.0.1:1/write'}]`
const cases = {
  pushgateway: {
    needs: ['pushgateway', 'sqlite'],
    not: ['promql', 'tsdb', 'remote', 'scraper', 'rule-engine', 'template', 'web', 'undici'],
  },
  tsdb: { needs: ['tsdb', 'promql'], not: ['scraper', 'discovery', 'rule-engine', 'template', 'pushgateway', 'remote', 'undici'] },
  scraper: { needs: ['scraper', 'remote'], not: ['tsdb', 'sqlite', 'better-sqlite3', 'pushgateway'] },
  'rule-engine': { needs: ['rule-engine', 'remote'], not: ['tsdb', 'sqlite', 'better-sqlite3', 'scraper', 'pushgateway'] },
} as const
const always = ['pino-pretty', 'esbuild', 'ajv']

test.each(Object.entries(cases))('%s loads no more than it needs', async (component, { needs, not }) => {
  using folder = makeFolder()
  const file = folder.write('prometheus.yml', config)
  const flags = {
    pushgateway: [`--persistence.file=${folder.path}/pushed.db`],
    tsdb: ['--storage.tsdb.path=:memory:'],
    scraper: [`--config.file=${file}`],
    'rule-engine': [`--config.file=${file}`, '--query.url=http://127.0.0.1:1'],
  }[component] as string[]
  const loaded = await loadedBy(component, flags)
  expect([...loaded]).toEqual(expect.arrayContaining([...needs, 'cli', 'server', 'http']))
  expect([...not, ...always].filter((name) => loaded.has(name))).toEqual([])
})
