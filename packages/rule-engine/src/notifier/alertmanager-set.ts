// Alertmanagers that are found by one section of the configuration and reached alike.

import { posix } from 'node:path'
import type { AlertmanagersConfig } from '@promlet/config'
import { ADDRESS, type TargetGroup } from '@promlet/discovery'
import type { HttpClient, HttpClientFactory } from '@promlet/http'
import { type Alert, compileRelabel, Labels, type Relabel } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import { relabelAlerts } from './payload.ts'
import { SendLoop, type SendLoopOptions } from './send-loop.ts'

const SCHEME = '__scheme__'
const PATH = '__alerts_path__'

export interface AlertmanagerSetOptions extends Pick<SendLoopOptions, 'queueCapacity' | 'batchMax' | 'clock' | 'metrics'> {
  readonly config: AlertmanagersConfig
  readonly httpClient: HttpClientFactory
  readonly logger: Logger
  /** How a loop ends whose Alertmanager is gone. */
  stopLoop(loop: SendLoop): Promise<void>
}

export class AlertmanagerSet {
  readonly #options: AlertmanagerSetOptions
  readonly #client: HttpClient
  readonly #relabelTargets: Relabel
  readonly #relabelAlerts: Relabel
  readonly #loops = new Map<string, SendLoop>()
  readonly #leaving = new Set<Promise<void>>()
  #dropped: readonly string[] = []

  constructor(options: AlertmanagerSetOptions) {
    this.#options = options
    this.#client = options.httpClient(options.config.http)
    this.#relabelTargets = compileRelabel(options.config.relabelConfigs)
    this.#relabelAlerts = compileRelabel(options.config.alertRelabelConfigs)
  }

  /** The URLs that alerts are posted to. */
  get active(): readonly string[] {
    return [...this.#loops.keys()]
  }

  /** The URLs of those that relabelling dropped. */
  get dropped(): readonly string[] {
    return this.#dropped
  }

  /** Takes what discovery knows now: loops of new ones begin, those of gone ones end. */
  update(groups: readonly TargetGroup[]): void {
    const active = new Set<string>()
    const dropped: string[] = []
    for (const group of groups) {
      for (const target of group.targets) {
        const labels = this.#targetLabels(target, group)
        const kept = this.#relabelTargets(labels)
        if (kept === undefined) dropped.push(urlOf(labels))
        else if (this.#isUsable(kept)) active.add(urlOf(kept))
      }
    }
    this.#dropped = dropped
    for (const url of active) if (!this.#loops.has(url)) this.#loops.set(url, this.#createLoop(url))
    for (const [url, loop] of this.#loops) {
      if (active.has(url)) continue
      this.#loops.delete(url)
      this.#leave(loop)
    }
  }

  send(alerts: readonly Alert[]): void {
    const { alertRelabelConfigs } = this.#options.config
    const relabelled = alertRelabelConfigs.length === 0 ? alerts : relabelAlerts(alerts, Labels.empty, this.#relabelAlerts)
    if (relabelled.length === 0) return
    for (const loop of this.#loops.values()) loop.add(relabelled)
  }

  async close(): Promise<void> {
    this.update([])
    await Promise.all(this.#leaving)
    await this.#client.close()
  }

  #targetLabels(target: Labels, group: TargetGroup): Labels {
    const { scheme, pathPrefix } = this.#options.config
    const path = posix.join('/', pathPrefix, '/api/v2/alerts')
    return Labels.fromPairs([...group.labels, [SCHEME, scheme], [PATH, path], ...target])
  }

  #isUsable(labels: Labels): boolean {
    const address = labels.get(ADDRESS)
    if (address !== '' && !address.includes('/')) return true
    this.#options.logger.error({ address }, 'a discovered Alertmanager has no valid address')
    return false
  }

  #createLoop(url: string): SendLoop {
    const { queueCapacity, batchMax, clock, logger, metrics, config } = this.#options
    return new SendLoop({ url, client: this.#client, timeoutMs: config.timeoutMs, queueCapacity, batchMax, clock, logger, metrics })
  }

  #leave(loop: SendLoop): void {
    const left = this.#options.stopLoop(loop)
    this.#leaving.add(left)
    void left.finally(() => this.#leaving.delete(left))
  }
}

function urlOf(labels: Labels): string {
  return `${labels.get(SCHEME)}://${labels.get(ADDRESS)}${labels.get(PATH)}`
}
