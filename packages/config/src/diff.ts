// What a reload has to restart. Configurations are compared by their contents, not by where they stand in a file, so
// that a comment above a rule group restarts nothing.

import { Labels } from '@promlet/model'
import type { PrometheusConfig } from './prometheus.ts'
import type { RemoteWriteConfig } from './remote-write.ts'

/** The keys of parts, each in the order of the configuration that has them. */
export interface Changes {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
  readonly unchanged: readonly string[]
}

export interface ConfigDiff {
  /** By job name. */
  readonly scrapeJobs: Changes
  /** By `ruleGroupKey`. A group without an interval of its own changes with the global one. */
  readonly ruleGroups: Changes
  /** By place: `config-0`, `config-1`, … as Prometheus names them. */
  readonly alertmanagers: Changes
  /** By `remoteWriteKeys`. */
  readonly remoteWrites: Changes
  readonly externalLabelsChanged: boolean
  /** True when alerts are relabelled differently for all Alertmanagers. */
  readonly alertRelabelConfigsChanged: boolean
  readonly storageChanged: boolean
}

/** Compares two configurations; against `undefined` everything is new. */
export function diffConfigs(before: PrometheusConfig | undefined, after: PrometheusConfig): ConfigDiff {
  return {
    scrapeJobs: diffParts(before && scrapeJobs(before), scrapeJobs(after)),
    ruleGroups: diffParts(before && ruleGroups(before), ruleGroups(after)),
    alertmanagers: diffParts(before && alertmanagers(before), alertmanagers(after)),
    remoteWrites: diffParts(before && remoteWrites(before), remoteWrites(after)),
    externalLabelsChanged: !isSameConfig(before?.global.externalLabels, after.global.externalLabels),
    alertRelabelConfigsChanged: !isSameConfig(before?.alerting.alertRelabelConfigs, after.alerting.alertRelabelConfigs),
    storageChanged: !isSameConfig(before?.storage, after.storage),
  }
}

/** Names a rule group across files: two files may have groups of one name. */
export function ruleGroupKey(path: string, group: string): string {
  return `${path};${group}`
}

/** Names remote writes: by their name, or by their URL and, where that repeats, its turn. */
export function remoteWriteKeys(configs: readonly RemoteWriteConfig[]): readonly string[] {
  const turns = new Map<string, number>()
  return configs.map(({ name, url }) => {
    const key = name ?? url
    const turn = turns.get(key) ?? 0
    turns.set(key, turn + 1)
    return turn === 0 ? key : `${key}#${turn + 1}`
  })
}

/** True when two configurations say the same; positions in files do not count. */
export function isSameConfig(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (left instanceof Labels) return right instanceof Labels && left.equals(right)
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const names = (value: object) => Object.keys(value).filter((name) => name !== 'position')
  const [ours, theirs] = [names(left), names(right)]
  if (ours.length !== theirs.length) return false
  return ours.every((name) => Object.hasOwn(right, name) && isSameConfig(left[name as never], right[name as never]))
}

type Parts = ReadonlyMap<string, unknown>

function scrapeJobs({ scrapeConfigs }: PrometheusConfig): Parts {
  return new Map(scrapeConfigs.map((config) => [config.jobName, config]))
}

function ruleGroups({ global, ruleFiles }: PrometheusConfig): Parts {
  const defaults = { intervalMs: global.evaluationIntervalMs, queryOffsetMs: global.ruleQueryOffsetMs }
  return new Map(
    ruleFiles.flatMap(({ path, groups }) => groups.map((group) => [ruleGroupKey(path, group.name), { ...defaults, ...group }])),
  )
}

function alertmanagers({ alerting }: PrometheusConfig): Parts {
  return new Map(alerting.alertmanagers.map((set, index) => [`config-${index}`, set]))
}

function remoteWrites({ remoteWrite }: PrometheusConfig): Parts {
  const keys = remoteWriteKeys(remoteWrite)
  return new Map(remoteWrite.map((config, index) => [keys[index] as string, config]))
}

function diffParts(before: Parts | undefined, after: Parts): Changes {
  const old = before ?? new Map<string, unknown>()
  const kept = [...after.keys()].filter((key) => old.has(key))
  const isSame = (key: string) => isSameConfig(old.get(key), after.get(key))
  return {
    added: [...after.keys()].filter((key) => !old.has(key)),
    removed: [...old.keys()].filter((key) => !after.has(key)),
    changed: kept.filter((key) => !isSame(key)),
    unchanged: kept.filter(isSame),
  }
}
