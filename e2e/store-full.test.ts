// A disk without room: a small tmpfs, and `ulimit -f`, which ends writes in the middle of a file. What was acknowledged
// stays, what cannot be stored is answered with an error that makes Prometheus send it again, queries go on, and when
// there is room again everything goes on by itself.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '@promlet/tsdb'
import { describe, expect, test } from 'vitest'
import { compare, type Ledger, newLedger } from './kill/ledger.ts'
import { startTarget, Writer } from './kill/load.ts'
import type { WriteAnswer } from './kill/write-request.ts'
import { findPeer, freePort, run, until, untilOk } from './peer.ts'
import { type Folder, makeFolder, PROMLET, type Server, serve } from './promlet.ts'

const MIB = 2 ** 20

/** A file system of its own, which is there until the disposal; undefined where the machine does not allow it. */
function mountSmallDisk(folder: Folder, bytes: number): (Disposable & { readonly path: string }) | undefined {
  const path = join(folder.path, 'disk')
  mkdirSync(path)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { encoding: 'utf8' })
  if (mounted.status === 0) return { path, [Symbol.dispose]: () => void spawnSync('umount', ['--lazy', path]) }
  process.stderr.write(`the test with a full disk is skipped: mount is not permitted here: ${mounted.stderr ?? mounted.error?.message}\n`)
  return undefined
}

function scrapeConfig(folder: Folder, target: string): string {
  const text = `global: {scrape_interval: 200ms, scrape_timeout: 200ms}
storage: {tsdb: {out_of_order_time_window: 1h}}
scrape_configs: [{job_name: probe, static_configs: [{targets: ['${target}']}]}]\n`
  return folder.write('prometheus.yml', text)
}

const flags = (config: string, data: string) => [
  `--config.file=${config}`,
  `--storage.tsdb.path=${data}`,
  '--web.enable-remote-write-receiver',
]

/** Writes until something fails, and then for a while: the answers of the failed ones. */
async function writeUntilFull(url: string, writer: Writer, ledger: Ledger): Promise<WriteAnswer[]> {
  const failed: WriteAnswer[] = []
  for (let sent = 0; sent < 5_000 && failed.length < 20; sent++) {
    const answer = await writer.write(url, ledger)
    if (answer === 'gone') throw new Error('the server is gone')
    if (answer.status !== 204) failed.push(answer)
  }
  return failed
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(text.match(new RegExp(`^${name}(?:{[^}]*})? (.*)$`, 'm'))?.[1])
}

const linesWith = (server: Pick<Server, 'output'>, text: string) =>
  server
    .output()
    .split('\n')
    .filter((line) => line.includes(text))

/** What the store of a stopped server holds is what was acknowledged, and it is whole. */
async function expectAllThere(data: string, ledger: Ledger): Promise<void> {
  const store = await openStore({ path: data, clock: systemClock, logger: silentLogger, registry: createRegistry() })
  const [stored = []] = await store.select([{ matchers: [], from: 0, to: Number.MAX_SAFE_INTEGER }])
  const { problems } = await store.verify()
  await store.close()
  expect([...problems, ...compare(ledger, stored)].slice(0, 10)).toEqual([])
}

/** What holds while writes fail: the state is told, queries are answered, nothing fills the log. */
async function expectPatience(server: Server, failed: readonly WriteAnswer[], reason: RegExp): Promise<void> {
  expect(failed).toHaveLength(20)
  // Prometheus sends again what was answered with 5xx, and drops what was answered with 4xx.
  for (const { status, body } of failed) expect([status, reason.test(body)], body).toEqual([500, true])
  await until(async () => (await metric(server.url, 'promlet_scrape_commits_failed_total')) >= 5, 'scrapes that are not stored')
  expect(await metric(server.url, 'promlet_tsdb_commits_failed_total')).toBeGreaterThanOrEqual(25)
  expect((await fetch(`${server.url}/-/healthy`)).status).toBe(200)
  expect(await server.value('count(last_over_time(wide[1h]))')).toBe(100)
  for (const message of ['batch not stored', 'Scrape commit failed', 'Error appending remote write']) {
    const lines = linesWith(server, message)
    expect(lines.length, message).toBeGreaterThan(0)
    expect(lines.length, message).toBeLessThan(5)
    expect(lines[0]).toMatch(reason)
  }
}

/** Without a restart, scrapes and remote writes are stored again. */
async function expectRecovery(server: Server, writer: Writer, ledger: Ledger): Promise<void> {
  await until(async () => {
    const answer = await writer.write(server.url, ledger)
    return answer !== 'gone' && answer.status === 204
  }, 'remote writes to be stored again')
  const before = Date.now() / 1000
  await until(async () => ((await server.value('max(timestamp(probe))')) ?? 0) > before, 'scrapes to be stored again')
  for (let sent = 0; sent < 5; sent++) expect(await writer.write(server.url, ledger)).toMatchObject({ status: 204 })
  await until(async () => {
    await writer.write(server.url, ledger)
    return linesWith(server, 'stored again').length >= 3
  }, 'the log to say so')
}

describe('a full disk', { concurrent: true }, () => {
  test('fails what it cannot store, keeps what it has, and is over when there is room', { timeout: 120_000 }, async ({ skip }) => {
    using folder = makeFolder()
    using disk = mountSmallDisk(folder, 16 * MIB)
    if (disk === undefined) return skip()
    const ballast = join(disk.path, 'ballast')
    writeFileSync(ballast, new Uint8Array(13 * MIB))
    await using target = await startTarget()
    const data = join(disk.path, 'data')
    const ledger = newLedger()
    const writer = new Writer('one')
    {
      await using server = await serve(['scraper', 'tsdb'], flags(scrapeConfig(folder, target.address), data))
      await expectPatience(server, await writeUntilFull(server.url, writer, ledger), /disk is full/)
      rmSync(ballast)
      await expectRecovery(server, writer, ledger)
    }
    await expectAllThere(data, ledger)
  })

  test('does not keep a killed server from starting when there is room again', { timeout: 120_000 }, async ({ skip }) => {
    using folder = makeFolder()
    using disk = mountSmallDisk(folder, 3 * MIB)
    if (disk === undefined) return skip()
    const ballast = join(disk.path, 'ballast')
    writeFileSync(ballast, new Uint8Array(MIB))
    const data = join(disk.path, 'data')
    const config = folder.write('prometheus.yml', 'storage: {tsdb: {out_of_order_time_window: 1h}}\n')
    const ledger = newLedger()
    const writer = new Writer('one')
    {
      await using server = await serve(['tsdb'], flags(config, data))
      await writeUntilFull(server.url, writer, ledger)
      await server.stop('SIGKILL')
    }
    // Not a byte is free; that it starts is not asked for, but that it says why not, and harms nothing.
    const port = await freePort()
    {
      await using full = run(PROMLET, ['serve', 'tsdb', `--web.listen-address=127.0.0.1:${port}`, ...flags(config, data)])
      await Promise.race([untilOk(`http://127.0.0.1:${port}/-/ready`), new Promise((resolve) => full.process.once('close', resolve))])
      if (full.process.exitCode !== null) expect(full.output()).toMatch(/disk is full|cannot be opened|reading or writing failed/)
    }
    rmSync(ballast)
    {
      await using server = await serve(['tsdb'], flags(config, data))
      expect(await writer.write(server.url, ledger)).toMatchObject({ status: 204 })
    }
    await expectAllThere(data, ledger)
  })
})

const prlimit = findPeer('prlimit')

describe.skipIf(prlimit === undefined)('a file that may not grow', { concurrent: true }, () => {
  test('is an error for each write, and nothing more, until it may', { timeout: 120_000 }, async () => {
    using folder = makeFolder()
    await using target = await startTarget()
    const data = join(folder.path, 'data')
    const port = await freePort()
    const ledger = newLedger()
    const writer = new Writer('one')
    {
      // In blocks of 512 bytes.
      const command = 'ulimit -S -f 3000; exec "$0" "$@"'
      const args = [
        'serve',
        'scraper',
        'tsdb',
        `--web.listen-address=127.0.0.1:${port}`,
        ...flags(scrapeConfig(folder, target.address), data),
      ]
      await using running = run('sh', ['-c', command, PROMLET, ...args])
      const url = `http://127.0.0.1:${port}`
      await untilOk(`${url}/-/ready`)
      const server: Server = { ...running, ...(await clientOf(url, port)) }
      await expectPatience(server, await writeUntilFull(url, writer, ledger), /reading or writing failed|disk is full/)
      expect(spawnSync(prlimit as string, [`--pid=${running.pid}`, '--fsize=unlimited']).status).toBe(0)
      await expectRecovery(server, writer, ledger)
    }
    await expectAllThere(data, ledger)
  })
})

async function clientOf(url: string, port: number): Promise<Pick<Server, 'url' | 'port' | 'api' | 'value'>> {
  const { api, value } = await import('./promlet.ts')
  return { url, port, api: (path) => api(url, path), value: (query) => value(url, query) }
}
