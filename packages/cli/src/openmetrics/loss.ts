import { counted } from '../progress.ts'

/** What a dump in OpenMetrics has to leave out, or to say otherwise, in the order in which it is told. */
const SENTENCES = {
  histogramSamples: ['sample', 'left out: native histograms'],
  staleMarkers: ['sample', 'left out: stale markers, which end a series'],
  nanPayloads: ['sample', 'written as NaN: the bits that tell one NaN from another'],
  startTimes: ['sample', 'written without the start timestamp of the counter'],
  namelessSeries: ['series', 'left out: it has no metric name'],
  exemplars: ['exemplar', 'left out: there is no sample of the series left to carry it'],
  renamedFamilies: ['counter', 'described under the name without _total, as OpenMetrics has it'],
  conflictingFamilies: ['metric', 'written without its metadata: another one has the same name in OpenMetrics'],
  changingFamilies: ['metric', 'written without its metadata: told its type, readers would change "le" or "quantile" labels'],
  unitlessFamilies: ['metric', 'written without its unit: its name does not end with it'],
  unusedFamilies: ['metric', 'left out: there is metadata of it, and no sample'],
  quotedNames: ['series', 'written with quoted names, which only Prometheus 3 reads'],
} as const

export type LossKind = keyof typeof SENTENCES

/** Counts what the format cannot hold, with the first case of each kind. */
export class Loss {
  readonly #counts = new Map<LossKind, number>()
  readonly #examples = new Map<LossKind, string>()

  add(kind: LossKind, example: string, number = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + number)
    if (!this.#examples.has(kind)) this.#examples.set(kind, example)
  }

  /** A line per kind; none when nothing was lost. */
  lines(): readonly string[] {
    const kinds = (Object.keys(SENTENCES) as LossKind[]).filter((kind) => this.#counts.has(kind))
    return kinds.map((kind) => {
      const [noun, what] = SENTENCES[kind]
      const number = counted(this.#counts.get(kind) as number, noun, noun === 'series' ? noun : undefined)
      return `${number} ${what} (such as ${this.#examples.get(kind)})`
    })
  }
}
