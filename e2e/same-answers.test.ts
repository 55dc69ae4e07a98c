import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findPeer, freePort, run, until, untilOk } from './peer.ts'
import { api, makeFolder, serve } from './promlet.ts'

const prometheus = findPeer('prometheus')
const nodeExporter = findPeer('prometheus-node-exporter')

/** Asked of both at the same times, none of which is a sample's. */
const queries = [
  'up',
  'node_cpu_seconds_total',
  'rate(node_cpu_seconds_total[5s])',
  'irate(node_cpu_seconds_total[5s])',
  'increase(node_context_switches_total[7s])',
  'sum by (mode) (rate(node_cpu_seconds_total[6s]))',
  'sum without (cpu, mode) (rate(node_cpu_seconds_total{mode!="idle"}[6s])) / sum without (cpu, mode) (rate(node_cpu_seconds_total[6s]))',
  '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
  'quantile by (mode) (0.9, rate(node_cpu_seconds_total[5s]))',
  'histogram_quantile(0.9, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[6s])))',
  'histogram_quantile(0.5, rate(prometheus_http_request_duration_seconds_bucket[6s]))',
  'avg_over_time(node_load1[5s])',
  'max_over_time(node_memory_MemFree_bytes[5s]) - min_over_time(node_memory_MemFree_bytes[5s])',
  'stddev_over_time(node_memory_MemFree_bytes[6s])',
  'deriv(node_memory_MemFree_bytes[6s])',
  'predict_linear(node_memory_MemFree_bytes[6s], 60)',
  'topk(3, node_filesystem_avail_bytes)',
  'count by (job) ({__name__=~"node_.*"})',
  'node_filesystem_avail_bytes / on(device, fstype, mountpoint, instance, job) node_filesystem_size_bytes',
  'max_over_time(rate(node_context_switches_total[3s])[6s:1s])',
  'label_replace(node_uname_info, "short", "$1", "release", "([0-9]+).*") * 2',
  'timestamp(up) > 0',
  'changes(process_resident_memory_bytes[6s])',
  'resets(node_context_switches_total[6s])',
]

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [number, string])[]
}

describe.skipIf(prometheus === undefined || nodeExporter === undefined)('beside a real Prometheus', () => {
  test('what it scraped of a real node exporter and wrote here is answered alike by both, within 1e-9', async () => {
    using folder = makeFolder()
    await using promlet = await serve(['tsdb'], [`--storage.tsdb.path=${join(folder.path, 'data')}`, '--web.enable-remote-write-receiver'])
    const [exporterPort, port] = [await freePort(), await freePort()]
    await using _exporter = run(nodeExporter as string, [`--web.listen-address=127.0.0.1:${exporterPort}`, '--log.level=error'])
    await untilOk(`http://127.0.0.1:${exporterPort}/metrics`)
    const config = folder.write(
      'prometheus.yml',
      `global: {scrape_interval: 1s}
remote_write: [{url: '${promlet.url}/api/v1/write', queue_config: {batch_send_deadline: 200ms}}]
scrape_configs:
  - {job_name: node, static_configs: [{targets: ['127.0.0.1:${exporterPort}']}]}
  - {job_name: prometheus, static_configs: [{targets: ['127.0.0.1:${port}']}]}
`,
    )
    const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder.path, 'peer')}`, `--web.listen-address=127.0.0.1:${port}`]
    await using peer = run(prometheus as string, flags)
    const peerUrl = `http://127.0.0.1:${port}`
    await untilOk(`${peerUrl}/-/ready`)
    const enough = async (url: string) => (await count(url)) >= 14
    await until(() => enough(peerUrl), 'Prometheus to scrape', 40_000)
    await until(() => enough(promlet.url), 'the samples to arrive', 20_000)

    // A third of a millisecond's worth off every grid, and a little in the past, so that all samples are at both.
    const end = Math.floor(Date.now() / 1000) - 3 + 0.337
    // What is sent late has come when something newer has.
    for (const url of [peerUrl, promlet.url])
      await until(async () => (await newest(url)) > end + 2, `samples after ${end} at ${url}`, 40_000)
    const range = { start: String(end - 8), end: String(end), step: '1.13' }
    for (const query of queries) {
      const [theirs, ours] = [await ask(peerUrl, query, range), await ask(promlet.url, query, range)]
      expect(theirs.length, `${query} has an answer`).toBeGreaterThan(0)
      expect(
        ours.map(({ metric }) => metric),
        query,
      ).toEqual(theirs.map(({ metric }) => metric))
      for (const [index, { values }] of ours.entries()) expectAlike(values, theirs[index]?.values ?? [], query)
    }
    await peer.stop()
  }, 120_000)
})

async function count(url: string): Promise<number> {
  const { result } = await api<{ result: { value: [number, string] }[] }>(
    url,
    `query?${new URLSearchParams({ query: 'count_over_time(up{job="node"}[5m])' })}`,
  )
  return Number(result[0]?.value[1] ?? 0)
}

/** When the job that was scraped longest ago was scraped last, in seconds. */
async function newest(url: string): Promise<number> {
  const { result } = await api<{ result: { value: [number, string] }[] }>(
    url,
    `query?${new URLSearchParams({ query: 'min(timestamp(up))' })}`,
  )
  return Number(result[0]?.value[1] ?? 0)
}

async function ask(url: string, query: string, range: Readonly<Record<string, string>>): Promise<readonly Series[]> {
  const { result } = await api<{ result: Series[] }>(url, `query_range?${new URLSearchParams({ query, ...range })}`)
  return result.sort((left, right) => (key(left) < key(right) ? -1 : 1))
}

function key({ metric }: Series): string {
  return JSON.stringify(Object.entries(metric).sort())
}

function expectAlike(ours: Series['values'], theirs: Series['values'], query: string): void {
  expect(
    ours.map(([at]) => at),
    query,
  ).toEqual(theirs.map(([at]) => at))
  for (const [index, [at, text]] of ours.entries()) {
    const [a, b] = [Number(text), Number(theirs[index]?.[1])]
    const isAlike = Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
    expect(isAlike, `${query} at ${at}: ${text} here, ${theirs[index]?.[1]} there`).toBe(true)
  }
}
