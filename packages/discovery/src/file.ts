// Targets from files. Folders, not files, are watched, so that an editor's or a config map's rename is seen; a refresh
// at an interval finds what a watch misses. A file that cannot be read keeps the groups that it had.

import { type FSWatcher, watch } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type DiscoveryConfig, parseTargetGroups } from '@promlet/config'
import { filesMatching } from './file-pattern.ts'
import type { Provider, ProviderOptions } from './provider.ts'
import { type TargetGroup, toTargetGroup } from './target-group.ts'

export type FileDiscoveryConfig = Extract<DiscoveryConfig, { kind: 'file' }>

/** Tells which file a target came from. */
const FILE_LABEL = '__meta_filepath'
/** A writer's burst of events is one change. */
const SETTLE_MS = 50

/** Reads the files once, then watches them. */
export async function startFileDiscovery(config: FileDiscoveryConfig, options: ProviderOptions): Promise<Provider> {
  const discovery = new FileDiscovery(config, options)
  await discovery.refresh()
  discovery.schedule()
  return discovery
}

class FileDiscovery implements Provider {
  readonly #config: FileDiscoveryConfig
  readonly #options: ProviderOptions
  readonly #watchers: Map<string, FSWatcher>
  /** By path, as last read without an error. */
  #files: ReadonlyMap<string, readonly TargetGroup[]>
  #timer: Disposable | undefined
  #settling: Disposable | undefined
  #refreshing: Promise<void>
  #closed: boolean

  constructor(config: FileDiscoveryConfig, options: ProviderOptions) {
    this.#config = config
    this.#options = options
    this.#watchers = new Map()
    this.#files = new Map()
    this.#timer = undefined
    this.#settling = undefined
    this.#refreshing = Promise.resolve()
    this.#closed = false
  }

  groups(): readonly TargetGroup[] {
    return [...this.#files.values()].flat()
  }

  /** Refreshes at the interval from now on. */
  schedule(): void {
    this.#timer = this.#options.clock.setTimer(this.#config.refreshIntervalMs, async () => {
      await this.refresh()
      if (!this.#closed) this.schedule()
    })
  }

  /** Reads all files again; one refresh after the other. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.then(() => this.#readAll())
    return this.#refreshing
  }

  async #readAll(): Promise<void> {
    if (this.#closed) return
    const { clock, metrics, onChange } = this.#options
    const start = clock.monotonic()
    const paths = new Set((await Promise.all(this.#config.files.map(filesMatching))).flat())
    const files = new Map<string, readonly TargetGroup[]>()
    for (const path of paths) {
      const groups = await this.#readFile(path)
      if (groups !== undefined) files.set(path, groups)
    }
    for (const path of this.#files.keys()) if (!paths.has(path)) metrics.fileMtime.remove({ filename: path })
    const changed = JSON.stringify([...files]) !== JSON.stringify([...this.#files])
    this.#files = files
    this.#watch()
    metrics.fileScanDuration.observe((clock.monotonic() - start) / 1000)
    if (changed) onChange()
  }

  /** The groups of a file; those that it had when it cannot be read. */
  async #readFile(path: string): Promise<readonly TargetGroup[] | undefined> {
    const { metrics, logger } = this.#options
    try {
      const text = await readFile(path, 'utf8')
      const groups = parseTargetGroups(text, path).map((group, index) => toTargetGroup(group, `${path}:${index}`, { [FILE_LABEL]: path }))
      metrics.fileMtime.set({ filename: path }, (await stat(path)).mtimeMs / 1000)
      return groups
    } catch (err) {
      metrics.fileReadErrors.inc()
      logger.error({ path, err }, 'Error reading file')
      return this.#files.get(path)
    }
  }

  /** Watches every folder that is not watched yet; one that does not exist is tried again at the next refresh. */
  #watch(): void {
    for (const folder of new Set(this.#config.files.map((pattern) => dirname(pattern)))) {
      if (this.#watchers.has(folder) || this.#closed) continue
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#changed())
        watcher.on('error', (err) => this.#unwatch(folder, err))
        this.#watchers.set(folder, watcher)
      } catch (err) {
        this.#unwatch(folder, err)
      }
    }
  }

  #unwatch(folder: string, err: unknown): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
    this.#options.metrics.fileWatcherErrors.inc()
    this.#options.logger.error({ path: folder, err }, 'Error adding file watch')
  }

  #changed(): void {
    if (this.#closed) return
    this.#settling?.[Symbol.dispose]()
    this.#settling = this.#options.clock.setTimer(SETTLE_MS, () => this.refresh())
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    this.#settling?.[Symbol.dispose]()
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
    await this.#refreshing
    for (const path of this.#files.keys()) this.#options.metrics.fileMtime.remove({ filename: path })
  }
}
