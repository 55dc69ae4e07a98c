// The names of `--enable-feature`. What Prometheus has behind such a name and Promlet can do is on; `no-` before the name
// turns a part of PromQL off. Prometheus: docs/feature_flags.md, cmd/prometheus/main.go setFeatureListOptions.

import type { EngineFeatures } from '@promlet/promql'
import type { Features } from '@promlet/promql/syntax'

export interface FeatureFlags {
  readonly engine: EngineFeatures
  /** `stats=all` counts samples at each step, too. */
  readonly perStepStats: boolean
  /** Names that Prometheus knows and that change nothing here. */
  readonly inert: readonly string[]
  readonly unknown: readonly string[]
}

const SYNTAX: ReadonlyMap<string, keyof Features> = new Map([
  ['promql-experimental-functions', 'experimentalFunctions'],
  ['promql-duration-expr', 'durationExpressions'],
  ['promql-extended-range-selectors', 'extendedRangeSelectors'],
  ['promql-binop-fill-modifiers', 'fillModifiers'],
])
const ENGINE: ReadonlyMap<string, 'delayedNameRemoval' | 'startTimestamps'> = new Map([
  ['promql-delayed-name-removal', 'delayedNameRemoval'],
  ['use-start-timestamps', 'startTimestamps'],
])
/** What is always so here, or has no counterpart. */
const INERT: ReadonlySet<string> = new Set([
  ...['exemplar-storage', 'native-histograms', 'st-storage', 'metadata-wal-records', 'utf8-names', 'remote-write-receiver'],
  ...['promql-at-modifier', 'promql-negative-offset', 'memory-snapshot-on-shutdown', 'extra-scrape-metrics', 'old-ui', 'agent'],
  ...['created-timestamp-zero-ingestion', 'concurrent-rule-eval', 'delayed-compaction', 'auto-reload-config', 'use-uncached-io'],
  ...['otlp-deltatocumulative', 'otlp-native-delta-ingestion', 'otlp-write-receiver', 'xor2-encoding', 'new-service-discovery-manager'],
  ...['auto-gomaxprocs', 'auto-gomemlimit', 'no-default-scrape-port', 'expand-external-labels'],
])

/** Reads the names as they were given. */
export function readFeatureFlags(names: ReadonlySet<string>): FeatureFlags {
  const isOn = (name: string) => !names.has(`no-${name}`)
  const others = [...names].filter((name) => !isSwitch(name) && name !== '')
  return {
    engine: { syntax: valuesOf(SYNTAX, isOn), ...valuesOf(ENGINE, isOn), typeAndUnitLabels: names.has('type-and-unit-labels') },
    perStepStats: names.has('promql-per-step-stats'),
    inert: others.filter((name) => INERT.has(name)),
    unknown: others.filter((name) => !INERT.has(name)),
  }
}

function valuesOf<Key extends string>(keys: ReadonlyMap<string, Key>, isOn: (name: string) => boolean): Record<Key, boolean> {
  return Object.fromEntries([...keys].map(([name, key]) => [key, isOn(name)])) as Record<Key, boolean>
}

function isSwitch(name: string): boolean {
  const plain = name.replace(/^no-/, '')
  return SYNTAX.has(plain) || ENGINE.has(plain) || name === 'promql-per-step-stats' || name === 'type-and-unit-labels'
}
