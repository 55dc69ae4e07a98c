// From starting the command until /-/ready answers, for everything and for each component alone, on an empty store and
// with a warm compile cache.
//   node_modules/.bin/node bench/startup.ts [runs]

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, run } from '../e2e/peer.ts'
import { PROMLET } from '../e2e/promlet.ts'

const runs = Number(process.argv[2] ?? 10)
const POLL_MS = 3
const folder = mkdtempSync(join(tmpdir(), 'promlet-startup-'))
const sending = join(folder, 'sending.yml')
writeFileSync(sending, `remote_write: [{url: 'http://127.0.0.1:1/write'}]\n`)
const root = join(import.meta.dirname, '..')

const commands: Readonly<Record<string, readonly string[]>> = {
  everything: [`--config.file=${root}/prometheus.yml`, '--storage.tsdb.path=EMPTY', '--pushgateway.web.listen-address=127.0.0.1:0'],
  tsdb: ['--storage.tsdb.path=EMPTY'],
  scraper: [`--config.file=${sending}`, '--storage.remote.flush-deadline=0s'],
  'rule-engine': [`--config.file=${sending}`, '--storage.remote.flush-deadline=0s', '--query.url=http://127.0.0.1:1'],
  pushgateway: [],
}

for (const [name, flags] of Object.entries(commands)) {
  // The first start fills the cache.
  await start(name, flags)
  const times: number[] = []
  for (let index = 0; index < runs; index++) times.push(await start(name, flags))
  times.sort((left, right) => left - right)
  const [median, least, most] = [times[Math.floor(runs / 2)], times[0], times.at(-1)].map((ms) => Math.round(ms as number))
  console.log(`${name.padEnd(12)} median ${median} ms, ${least} to ${most} ms, ${runs} runs`)
}
rmSync(folder, { recursive: true })

/** Milliseconds until it is ready. */
async function start(name: string, flags: readonly string[]): Promise<number> {
  const port = await freePort()
  const components = name === 'everything' ? [] : [name]
  const store = mkdtempSync(join(folder, 'store-'))
  const args = ['serve', ...components, `--web.listen-address=127.0.0.1:${port}`, ...flags.map((flag) => flag.replace('EMPTY', store))]
  const began = performance.now()
  await using server = run(PROMLET, args)
  while (!(await isReady(port))) {
    if (server.process.exitCode !== null) throw new Error(server.output())
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return performance.now() - began
}

async function isReady(port: number): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}
