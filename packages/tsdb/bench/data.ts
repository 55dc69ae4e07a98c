// Series shaped like those of a service with its host: counters, histogram buckets, gauges, constants.

import { Labels } from '@promlet/model'

export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export interface Dataset {
  readonly labels: readonly Labels[]
  /** Row-major: all series at the first time, then at the second. */
  readonly values: Float64Array
  readonly steps: number
}

type Next = () => number

const counter = (rng: Next, perStep: number, inverse = 1): Next => {
  let value = Math.floor(rng() * perStep * 1000 * inverse) / inverse
  return () => {
    value = Math.round((value + rng() * 2 * perStep) * inverse) / inverse
    return value
  }
}

const gauge = (rng: Next, base: number, spread: number, inverse = 1): Next => {
  let value = base * (0.8 + 0.4 * rng())
  return () => {
    value += (rng() - 0.5) * spread + (base - value) * 0.01
    return Math.max(0, Math.round(value * inverse) / inverse)
  }
}

const sum = (rng: Next): Next => {
  let value = 0
  return () => {
    value += rng() * 300
    return value
  }
}

/** Series, and for each of them what gives its next value. */
export interface Sources {
  readonly labels: Labels[]
  readonly next: Next[]
}

/** 100 series per instance: 30 request counters, 26 buckets and counts, 2 sums, 32 CPU counters, 8 gauges, 2 constants. */
export function sources(first: number, instances: number, seed = 1): Sources {
  const rng = random(seed)
  const labels: Labels[] = []
  const next: Next[] = []
  const add = (instance: number, name: string, extra: Record<string, string>, make: Next) => {
    labels.push(Labels.of({ __name__: name, instance: `host-${instance}:8080`, job: instance % 2 === 0 ? 'api' : 'web', ...extra }))
    next.push(make)
  }
  for (let instance = first; instance < first + instances; instance++) {
    for (let index = 0; index < 30; index++) {
      const status = ['200', '404', '500'][index % 3] as string
      const rate = (status === '200' ? 300 : 7.5) * (0.5 + rng())
      add(instance, 'http_requests_total', { status, path: `/api/${Math.floor(index / 3)}` }, counter(rng, rate))
    }
    for (let index = 0; index < 26; index++) {
      const path = `/api/${index % 2}`
      add(instance, 'http_request_duration_seconds_bucket', { path, le: `${index >> 1}` }, counter(rng, 25 * (1 + (index >> 1))))
    }
    for (let index = 0; index < 2; index++) add(instance, 'http_request_duration_seconds_sum', { path: `/api/${index}` }, sum(rng))
    for (let index = 0; index < 32; index++) {
      const idle = index % 8 === 3
      add(instance, 'node_cpu_seconds_total', { cpu: `${index >> 3}`, mode: `mode-${index % 8}` }, counter(rng, idle ? 10.5 : 0.6, 100))
    }
    add(instance, 'node_memory_MemAvailable_bytes', {}, gauge(rng, 2 ** 33, 2 ** 26, 1 / 4096))
    add(instance, 'node_load1', {}, gauge(rng, 1.5, 0.3, 100))
    add(instance, 'process_resident_memory_bytes', {}, gauge(rng, 2 ** 29, 2 ** 22, 1 / 4096))
    add(instance, 'process_open_fds', {}, gauge(rng, 200, 20))
    add(instance, 'go_goroutines', {}, gauge(rng, 350, 40))
    add(instance, 'queue_depth', {}, gauge(rng, 30, 12))
    add(instance, 'cache_hit_ratio', {}, gauge(rng, 0.8, 0.01, 1e6))
    add(instance, 'room_temperature_celsius', {}, gauge(rng, 22, 0.2, 10))
    add(instance, 'app_build_info', { version: '1.0' }, () => 1)
    add(instance, 'node_memory_MemTotal_bytes', {}, () => 16 * 2 ** 30)
  }
  return { labels, next }
}

/** The values of some steps, all at once. */
export function dataset(instances: number, steps: number, seed = 1): Dataset {
  const { labels, next } = sources(0, instances, seed)
  const values = new Float64Array(labels.length * steps)
  for (let at = 0; at < values.length; at++) values[at] = (next[at % next.length] as Next)()
  return { labels, values, steps }
}
