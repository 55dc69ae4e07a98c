import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { run } from './peer.ts'

const demo = resolve(import.meta.dirname, '../tools/demo/main.ts')

test('the tour of npm run demo shows every step and ends with exit code 0', async () => {
  await using running = run(process.execPath, [demo, '--once'])
  const code = await new Promise((resolve) => running.process.once('close', resolve))
  const output = running.output()
  expect(output).toMatch(/page and API +http:\/\/127\.0\.0\.1:\d+\n/)
  for (const job of ['online-service', 'pipeline', 'promlet', 'pushgateway']) expect(output).toMatch(new RegExp(` up +job="${job}"\n`))
  expect(output).toMatch(/\d per second +handler="orders"\n/)
  expect(output).toMatch(/\(rate\(shop_http_requests_total\{code=~"5\.\."\}\[10s\]\) or vector\(0\)\).*\n +0\.0 %\n/)
  expect(output).toMatch(/nine in ten\?\n.*\n +[1-9]\d* ms\n/)
  expect(output).toMatch(/\d m?s +job="pipeline" stage="load"\n/)
  expect(output).toMatch(/\d m?s ago +job="report"\n/)
  expect(output).toMatch(/is pending[\s\S]*is firing[\s\S]*1 +job="online-service" alertstate="firing"[\s\S]*well again/)
  expect(code).toBe(0)
}, 120_000)

test('Ctrl-C in the middle of the tour stops everything it started', async () => {
  await using running = run(process.execPath, [demo])
  await new Promise<void>((resolve) => running.process.stdout?.on('data', () => running.output().includes('Pushgateway') && resolve()))
  const [url] = running.output().match(/http:\/\/[\d.:]+/) ?? []
  expect((await fetch(`${url}/-/ready`)).status).toBe(200)
  expect(await running.stop('SIGINT')).toBe(0)
  await expect(fetch(`${url}/-/ready`)).rejects.toThrow()
}, 60_000)
