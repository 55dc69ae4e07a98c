import { systemClock } from '@promlet/model'
import { type Pushgateway, startPushgateway } from '@promlet/pushgateway'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runJob } from './job.ts'

let gateway: Pushgateway
beforeEach(async () => {
  const options = { clock: systemClock, logger: silentLogger, registry: createRegistry(), version: '0' }
  gateway = await startPushgateway({ listenAddress: '127.0.0.1:0', ...options })
})
afterEach(() => gateway.close())

const run = (failIn?: string) =>
  runJob({
    pushgatewayUrl: `http://127.0.0.1:${gateway.address?.port}`,
    jobName: 'report',
    records: 300,
    ...(failIn !== undefined && { failIn }),
  })

async function pushed(): Promise<Record<string, number>> {
  const { body } = await gateway.inject({ method: 'GET', path: '/metrics' })
  const lines = Buffer.from(body)
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('report_job_'))
  return Object.fromEntries(
    lines.map((line) => [line.replace(/instance="",job="report",?|\{\}| .*/g, '').replace('{}', ''), Number(line.split(' ').at(-1))]),
  )
}

test('a run that succeeds says when, how long each stage took and how much it did', async () => {
  const before = Date.now() / 1000
  await run()
  const metrics = await pushed()
  expect(metrics['report_job_last_success_timestamp_seconds']).toBeGreaterThanOrEqual(before)
  expect(metrics['report_job_last_completion_timestamp_seconds']).toBeGreaterThanOrEqual(before)
  expect(metrics['report_job_records_processed']).toBe(300)
  expect(metrics['report_job_stage_duration_seconds{stage="load"}']).toBeGreaterThan(0)
  expect(metrics['report_job_duration_seconds']).toBeGreaterThan(metrics['report_job_stage_duration_seconds{stage="load"}'] as number)
})

test('a run that fails pushes too, and leaves the time of the last success alone', async () => {
  await run()
  const first = await pushed()
  await expect(run('transform')).rejects.toThrow('transform failed')
  const second = await pushed()
  const success = 'report_job_last_success_timestamp_seconds'
  const completion = 'report_job_last_completion_timestamp_seconds'
  expect(second[success]).toBe(first[success])
  expect(second[completion]).toBeGreaterThan(first[completion] as number)
})
