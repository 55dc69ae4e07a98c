import type { PrometheusConfig } from '@promlet/config'
import {
  alertingOf,
  type Build,
  openReads,
  openRemote,
  remoteOf,
  rulesOf,
  startAlerting,
  startRules,
  startScraping,
  storageOptions,
} from './components.ts'

/** Hands a checked configuration to every part; each restarts only what changed in its own. */
export async function applyConfig(build: Build, next: PrometheusConfig): Promise<void> {
  const { live } = build
  const before = live.config
  live.config = next
  live.store?.configure(storageOptions(build, next.storage))
  await openReads(build)
  const rewired = await applyRemote(build, before)
  if (rewired) return
  await live.notifier?.reload(alertingOf(next))
  await live.ruleEngine?.reload(rulesOf(next))
  await live.scraper?.reload(next.scrapeConfigs)
}

/**
 * While there are endpoints before and after, remote write takes the change over by itself. When the first one comes
 * or the last one goes, samples go elsewhere, and what writes them is started anew.
 */
async function applyRemote(build: Build, before: PrometheusConfig): Promise<boolean> {
  const { live } = build
  if (live.config.remoteWrite.length > 0 === before.remoteWrite.length > 0) {
    await live.remote?.reload(remoteOf(live.config))
    return false
  }
  const { scraper, ruleEngine, notifier, remote } = live
  await Promise.all([scraper?.close(), ruleEngine?.close()])
  await Promise.all([notifier?.close(), remote?.close()])
  build.registries.workers.clear()
  await openRemote(build)
  await startAlerting(build)
  await startRules(build)
  await startScraping(build)
  return true
}
