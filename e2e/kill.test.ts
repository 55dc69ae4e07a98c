// What was acknowledged is there after kill -9, whatever the store was doing. Promlet runs as its users run it, under load;
// it is killed in the middle of each of the store's phases in turn, and at random moments; the client, which lives on,
// holds the store against what was acknowledged to it. PROMLET_KILLS=1000 for the long form.

import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore, type Store } from '@promlet/tsdb'
import { expect, test } from 'vitest'
import { answersOf } from '../packages/tsdb/test/fixtures/answers.ts'
import { openFixture } from '../packages/tsdb/test/fixtures/open.ts'
import { compare, type Ledger, newLedger, ROWS } from './kill/ledger.ts'
import { pause, startLoad, startTarget, Writer } from './kill/load.ts'
import { PHASES, type Phase } from './kill/phase-names.ts'
import { freePort, type Running, run, untilOk } from './peer.ts'
import { makeFolder, PROMLET } from './promlet.ts'

const KILLS = Number(process.env['PROMLET_KILLS'] ?? 16)
type Aim = Phase | 'random'
const AIMS: readonly Aim[] = ['commit', 'random', 'compaction', 'checkpoint', 'deletion', 'retention', 'migration', 'sweep']
/** In every round that has an eye on retention; in the others nothing expires. */
const SHORT_RETENTION_MS = 5_000
/** For a phase that is aimed at to come. */
const PATIENCE_MS = 60_000

const PRELOAD = new URL('./kill/phases.ts', import.meta.url).href

/** The server of one round, and the file in which it notes what it is doing. */
class Victim {
  readonly url: string
  readonly running: Running
  readonly #phases: string

  constructor(folder: string, port: number, { aim, retention }: { readonly aim: Aim; readonly retention: string }) {
    this.url = `http://127.0.0.1:${port}`
    this.#phases = join(folder, 'phases')
    const descriptor = openSync(this.#phases, 'w')
    writeSync(descriptor, new Uint8Array(PHASES.length))
    closeSync(descriptor)
    const flags = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--storage.tsdb.retention.time=${retention}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--web.enable-admin-api',
    ]
    const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: `--import=${PRELOAD}`, PROMLET_PHASES: this.#phases }
    if (aim !== 'random')
      Object.assign(env, { PROMLET_KILL_IN: aim, PROMLET_KILL_SKIP: aim === 'migration' ? 0 : Math.floor(Math.random() * 4) })
    this.running = run(PROMLET, ['serve', 'scraper', 'tsdb', ...flags], { env })
  }

  get isGone(): boolean {
    const { exitCode, signalCode } = this.running.process
    return exitCode !== null || signalCode !== null
  }

  /** Waits until it is ready, or killed. */
  async ready(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.running.process.once('close', () => resolve()))
    await Promise.race([untilOk(`${this.url}/-/ready`, PATIENCE_MS), this.isGone ? undefined : ended])
  }

  /** Kills it, unless it has already killed itself, and gives the phases in which that was. */
  async kill(): Promise<readonly Phase[]> {
    await this.running.stop('SIGKILL')
    if (this.running.process.signalCode !== 'SIGKILL') throw new Error(`it ended by itself:\n${this.running.output()}`)
    const marks = readFileSync(this.#phases)
    return PHASES.filter((_, index) => marks[index] === 1)
  }
}

const counts = new Map<Phase | 'between', number>([...PHASES, 'between' as const].map((phase) => [phase, 0]))
const readyMs: number[] = []

test(`nothing acknowledged is lost and nothing is half there over ${KILLS} kills`, { timeout: 120_000 + KILLS * 10_000 }, async () => {
  using folder = makeFolder()
  await using targets = new AsyncDisposableStack()
  const addresses = [targets.use(await startTarget()).address, targets.use(await startTarget()).address]
  folder.write(
    'prometheus.yml',
    `global: {scrape_interval: 100ms, scrape_timeout: 100ms}
storage: {tsdb: {out_of_order_time_window: 1h}}
scrape_configs: [{job_name: probe, static_configs: [{targets: [${addresses.join(', ')}]}]}]\n`,
  )
  const port = await freePort()
  const writers = [new Writer('one'), new Writer('two')]
  const ledger = newLedger()
  let kills = 0
  for (; kills < KILLS || missing() !== undefined; kills++) {
    const aim = kills < KILLS ? (AIMS[kills % AIMS.length] as Aim) : (missing() as Phase)
    if (aim === 'migration') await migrationRound(join(folder.path, `migrated-${kills}`), port)
    else await liveAndDie(folder.path, port, aim, ledger, writers)
  }
  const phases = [...counts].map(([phase, count]) => `${phase} ${count}`).join(', ')
  process.stderr.write(`${kills} kills: ${phases}; ${ledger.requests} requests acknowledged, none lost\n`)
  readyMs.sort((left, right) => left - right)
  process.stderr.write(`ready after a kill in ${readyMs[readyMs.length >>> 1]} ms (median), ${readyMs.at(-1)} ms (most)\n`)
})

/** A phase in which there was no kill yet: one that was aimed at may have ended a moment too early. */
function missing(): Phase | undefined {
  return PHASES.find((phase) => AIMS.includes(phase) && counts.get(phase) === 0)
}

/** One life of the server under load, and what it leaves behind. */
async function liveAndDie(folder: string, port: number, aim: Aim, ledger: Ledger, writers: readonly Writer[]): Promise<void> {
  const isShort = aim === 'retention'
  const start = performance.now()
  const victim = new Victim(folder, port, { aim, retention: isShort ? `${SHORT_RETENTION_MS}ms` : '1h' })
  // Some die while they start.
  const early = aim === 'random' && Math.random() < 0.2 ? pause(Math.random() * 600).then(() => victim.running.stop('SIGKILL')) : undefined
  await victim.ready()
  if (!victim.isGone) readyMs.push(Math.round(performance.now() - start))
  const load = startLoad(victim.url, ledger, writers)
  if (aim === 'random') await (early ?? pause(Math.random() * 1_200))
  else for (const end = performance.now() + PATIENCE_MS; !victim.isGone && performance.now() < end; ) await pause(20)
  count(await victim.kill())
  await load.ended
  if (isShort) ledger.floor = newest(ledger) - SHORT_RETENTION_MS
  expect(await withCopy(join(folder, 'data'), (store) => faultsOf(store, ledger)), `killed in ${aim}`).toEqual([])
  forgetExpired(ledger)
}

/** A store of the first schema is killed while it is brought to the newest one. */
async function migrationRound(folder: string, port: number): Promise<void> {
  using fixture = openFixture('v1')
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  copyFileSync(fixture.file, join(data, 'store.db'))
  copyFileSync(join(folder, '..', 'prometheus.yml'), join(folder, 'prometheus.yml'))
  const victim = new Victim(folder, port, { aim: 'migration', retention: '100y' })
  await victim.ready()
  count(await victim.kill())
  const answers = await withCopy(data, async (store) => {
    expect((await store.verify()).problems).toEqual([])
    return answersOf(store)
  })
  expect(answers).toEqual(fixture.answers)
  rmSync(folder, { recursive: true })
}

function count(phases: readonly Phase[]): void {
  for (const phase of phases.length === 0 ? (['between'] as const) : phases) counts.set(phase, (counts.get(phase) ?? 0) + 1)
}

/** Opens a copy of what the killed server left, so that the next one has to make do with it itself. */
async function withCopy<Result>(data: string, use: (store: Store) => Promise<Result>): Promise<Result> {
  using copy = makeFolder()
  for (const name of ['store.db', 'store.db-wal']) if (existsSync(join(data, name))) copyFileSync(join(data, name), join(copy.path, name))
  const store = await openStore({
    path: copy.path,
    clock: systemClock,
    logger: silentLogger,
    registry: createRegistry(),
    retentionTimeMs: 1e13,
  })
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

async function faultsOf(store: Store, ledger: Ledger): Promise<readonly string[]> {
  const { problems } = await store.verify()
  const [stored = []] = await store.select([{ matchers: [], from: 0, to: Number.MAX_SAFE_INTEGER }])
  return [...problems, ...compare(ledger, stored)].slice(0, 10)
}

function newest({ sent }: Ledger): number {
  return sent.reduce((latest, { at }) => Math.max(latest, at + ROWS - 1), Date.now())
}

function forgetExpired(ledger: Ledger): void {
  ledger.sent = ledger.sent.filter(({ at }) => at + ROWS > ledger.floor)
  ledger.deletions = ledger.deletions.filter(({ to }) => to >= ledger.floor)
}
