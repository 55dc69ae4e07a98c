// Brings samples from elsewhere into a store, in whatever order they come. They are read to the end before the first one is
// written, so that a file with an error changes nothing, and are then written in order of time, as scrapes would have
// written them: that is what the store makes small blocks of.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Appender,
  type Clock,
  type Exemplar,
  isStaleAt,
  type Labels,
  type Metadata,
  type Millis,
  type Refusals,
  type SeriesRef,
} from '@promlet/model'
import { createRegistry, type Logger, type Registry } from '@promlet/telemetry'
import { openStore } from '../open.ts'
import type { Store } from '../store.ts'
import type { ImportSink } from './sink.ts'
import { Spool, type SpooledSample } from './spool.ts'

/** A commit takes so many samples, more when they have few times: these become rows. */
const COMMIT_SAMPLES = 20_000
const COMMIT_TIMES = 16
const COMMIT_ROW_SAMPLES = 1_024
const COMMIT_SAMPLES_MAX = 200_000
const FOLDER_PREFIX = 'import-'

export type RefusalCounts = Record<Exclude<keyof Refusals, 'retired' | 'example'>, number>

export interface ImportReport {
  readonly series: number
  /** All that were read. */
  readonly samples: number
  /** Read, and of these stored: a series takes only exemplars that are newer than those it has. */
  readonly exemplars: number
  readonly exemplarsStored: number
  readonly metadata: number
  /** Samples that the store did not take, by reason. */
  readonly refused: Readonly<RefusalCounts>
  /** A sentence on the first one. */
  readonly example: string | undefined
}

export interface ImportOptions {
  /** The folder of the store, made when it is missing. No other process may have it open for writing. */
  readonly path: string
  readonly clock: Clock
  readonly logger: Logger
  /** Reads the input and hands all of it to the sink. What it throws ends the import before anything is written. */
  readonly read: (sink: ImportSink) => Promise<void>
  /** Called often while samples are written, with how many of all. */
  readonly progress?: (written: number, samples: number) => void
  /** For tests: how much is sorted in memory. */
  readonly sortedBytes?: number
}

/** @throws StorageError `locked` when the store is in use, and as `openStore`; what `read` throws. */
export async function importSamples(options: ImportOptions): Promise<ImportReport> {
  const registry = createRegistry()
  const store = await openImportStore(options, registry)
  let folder: string | undefined
  try {
    removeLeftovers(options.path)
    folder = mkdtempSync(join(options.path, FOLDER_PREFIX))
    using spool = new Spool(folder, options.sortedBytes)
    const input = new ImportInput(spool)
    await options.read(input)
    const report = await write(store, input, spool, options.progress ?? (() => {}))
    return { ...report, exemplarsStored: await exemplarsStored(registry) }
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    await store.close()
  }
}

/** Old samples come in: nothing expires, and what is older than what the store has is taken as late. */
function openImportStore({ path, clock, logger }: ImportOptions, registry: Registry): Promise<Store> {
  const everything = { retentionTimeMs: Infinity, outOfOrderTimeWindowMs: Infinity, exemplarsMax: Number.MAX_SAFE_INTEGER }
  return openStore({ path, clock, logger, registry, ...everything })
}

/** A commit tells what became of exemplars only to the metrics. */
async function exemplarsStored(registry: Registry): Promise<number> {
  const metric = await registry.getSingleMetric('prometheus_tsdb_exemplar_exemplars_appended_total')?.get()
  return metric?.values[0]?.value ?? 0
}

/** Of imports that were killed; whoever has the store open for writing is the only one. */
function removeLeftovers(path: string): void {
  for (const name of readdirSync(path)) if (name.startsWith(FOLDER_PREFIX)) rmSync(join(path, name), { recursive: true, force: true })
}

interface SeriesExemplar {
  readonly series: number
  readonly exemplar: Required<Exemplar>
}

class ImportInput implements ImportSink {
  readonly labels: Labels[] = []
  readonly exemplars: SeriesExemplar[] = []
  readonly families = new Map<string, Metadata>()
  readonly #numbers = new Map<string, number>()
  readonly #spool: Spool

  constructor(spool: Spool) {
    this.#spool = spool
  }

  series(labels: Labels): number {
    const known = this.#numbers.get(labels.key)
    if (known !== undefined) return known
    const number = this.labels.push(labels) - 1
    this.#numbers.set(labels.key, number)
    return number
  }

  float(series: number, at: Millis, values: Float64Array, index: number, startAt: Millis): void {
    this.#spool.float(series, at, values, index, startAt)
  }

  histogram(...sample: Parameters<ImportSink['histogram']>): void {
    this.#spool.histogram(...sample)
  }

  exemplar(series: number, exemplar: Required<Exemplar>): void {
    this.exemplars.push({ series, exemplar })
  }

  metadata(metric: string, metadata: Metadata): void {
    this.families.set(metric, metadata)
  }
}

async function write(
  store: Store,
  input: ImportInput,
  spool: Spool,
  progress: (written: number, samples: number) => void,
): Promise<Omit<ImportReport, 'exemplarsStored'>> {
  const batches = new BatchWriter(store, input.labels)
  let written = 0
  for (const sample of spool.inOrder()) {
    if (batches.isFull(sample)) {
      await batches.commit()
      progress(written, spool.samples)
    }
    batches.add(sample)
    written++
  }
  for (const { series, exemplar } of input.exemplars.sort((left, right) => left.exemplar.at - right.exemplar.at))
    batches.exemplar(series, exemplar)
  for (const [metric, metadata] of input.families) batches.metadata(metric, metadata)
  await batches.commit()
  progress(written, spool.samples)
  await store.compactNow()
  const { refused, example } = batches
  return {
    series: input.labels.length,
    samples: spool.samples,
    exemplars: input.exemplars.length,
    metadata: input.families.size,
    refused,
    example,
  }
}

class BatchWriter {
  readonly refused: RefusalCounts = { outOfOrder: 0, duplicate: 0, tooOld: 0, tooFarInFuture: 0, unknownSeries: 0 }
  example: string | undefined
  readonly #store: Store
  readonly #labels: readonly Labels[]
  readonly #refs: SeriesRef[] = []
  #appender: Appender | undefined
  #samples = 0
  #times = 0
  #lastTime: Millis = Number.NaN
  /** Series with a histogram in this batch: an appender takes floats first, so no later float may follow it. */
  readonly #mixed = new Set<number>()
  #alone = false

  constructor(store: Store, labels: readonly Labels[]) {
    this.#store = store
    this.#labels = labels
  }

  /** True when the sample should be in the next batch. */
  isFull({ series, at, histogram, value }: SpooledSample): boolean {
    if (this.#samples === 0) return false
    if (this.#alone || (histogram === undefined && (isOdd(value) || this.#mixed.has(series)))) return true
    if (this.#samples >= COMMIT_SAMPLES_MAX) return true
    if (at === this.#lastTime) return false
    return this.#samples >= COMMIT_SAMPLES || (this.#times >= COMMIT_TIMES && this.#samples >= COMMIT_ROW_SAMPLES)
  }

  add({ series, at, startAt, histogram, value }: SpooledSample): void {
    this.#appender ??= this.#store.appender()
    const ref = this.#ref(series, this.#appender)
    const start = startAt === 0 ? undefined : startAt
    if (histogram !== undefined) {
      this.#appender.appendHistogram(ref, at, histogram, start)
      this.#mixed.add(series)
    } else if (isStaleAt(value, 0)) this.#appender.appendStale(ref, at)
    else if (isOdd(value)) {
      // Only rows keep these bits.
      this.#appender.appendRow(this.#appender.layout([ref]), at, value, Uint8Array.of(1))
      this.#alone = true
    } else this.#appender.append(ref, at, value[0] as number, start)
    if (at !== this.#lastTime) this.#times++
    this.#lastTime = at
    this.#samples++
  }

  exemplar(series: number, exemplar: Required<Exemplar>): void {
    this.#appender ??= this.#store.appender()
    this.#appender.appendExemplar(this.#ref(series, this.#appender), exemplar)
  }

  metadata(metric: string, metadata: Metadata): void {
    this.#appender ??= this.#store.appender()
    this.#appender.setMetadata(metric, metadata)
  }

  async commit(): Promise<void> {
    const { retired: _, example, ...counts } = (await this.#appender?.commit()) ?? { retired: [], example: undefined }
    this.example ??= example
    for (const [reason, count] of Object.entries(counts)) this.refused[reason as keyof RefusalCounts] += count
    this.#appender = undefined
    this.#samples = 0
    this.#times = 0
    this.#lastTime = Number.NaN
    this.#alone = false
    this.#mixed.clear()
  }

  #ref(series: number, appender: Appender): SeriesRef {
    const known = this.#refs[series]
    if (known !== undefined) return known
    const ref = appender.series(this.#labels[series] as Labels)
    this.#refs[series] = ref
    return ref
  }
}

/** A NaN whose bits arithmetic would change, and that is no stale marker. */
function isOdd(value: Float64Array): boolean {
  return Number.isNaN(value[0]) && (new Uint32Array(value.buffer)[1]! & 0x0008_0000) === 0 && !isStaleAt(value, 0)
}
