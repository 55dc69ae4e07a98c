// histogram_quantile, histogram_quantiles and histogram_fraction: of native histograms sample by sample, of classic
// ones from the series of their buckets, which are brought together here by all labels but `le`.

import { type Histogram, type Labels, METRIC_NAME, parseFloatGo } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { ABSENT, type Column, FLOAT, HISTOGRAM, makeColumn, putFloat } from '../columns/column.ts'
import type { Buckets } from '../functions/classic-histogram.ts'
import type { NaNRemark } from '../functions/native-histogram.ts'
import { type Grid, timeAt } from '../plan/grid.ts'
import type { Position } from '../syntax/ast.ts'
import { dropMetadata, type EvalContext } from './context.ts'
import { collect, type Frame, FrameReader } from './frame.ts'
import type { Operator } from './operator.ts'

const BUCKET = 'le'

/** What is computed of every histogram; one result series each. */
export interface HistogramFunction {
  /** Labels of the result; for histogram_quantiles with the quantile. */
  readonly name: (labels: Labels) => Labels
  /** False at steps at which there is no result. */
  readonly isAt?: (step: number) => boolean
  readonly native: (histogram: Histogram, step: number, remark: NaNRemark) => number
  readonly classic: (buckets: Buckets, step: number, metric: string) => number
}

export interface HistogramCallOptions {
  readonly functions: readonly HistogramFunction[]
  /** The words that remarks on NaN observations use. */
  readonly remarks: Readonly<Record<'result-is-nan' | 'skewed' | 'excluded', (metric: string) => string>>
  /** Where annotations point to. */
  readonly inputPosition: Position
}

/** One histogram: its native samples, the bucket series of the same name, or both. */
interface Family {
  readonly labels: Labels
  /** As for the frame: index of the series with native samples. */
  native: number | undefined
  /** In order of bounds once sealed. */
  readonly buckets: { readonly bound: number; readonly index: number }[]
}

export class HistogramCall implements Operator {
  readonly #input: Operator
  readonly #grid: Grid
  readonly #options: HistogramCallOptions
  readonly #context: EvalContext
  #reader: Operator | undefined

  constructor(input: Operator, grid: Grid, options: HistogramCallOptions, context: EvalContext) {
    this.#input = input
    this.#grid = grid
    this.#options = options
    this.#context = context
  }

  series(): readonly Labels[] {
    const frame = collect(this.#input, this.#grid.count)
    const families = this.#families(frame)
    const labels: Labels[] = []
    const columns: Column[] = []
    for (const compute of this.#options.functions) {
      for (const family of families) {
        const own = this.#context.features.delayedNameRemoval ? family.labels : dropMetadata(family.labels)
        labels.push(compute.name(own))
        columns.push(this.#compute(compute, family, frame))
      }
    }
    this.#reader = new FrameReader({ labels, columns })
    return labels
  }

  next(into: Column): boolean {
    return (this.#reader as Operator).next(into)
  }

  /** The metric name in annotations; without delayed name removal Prometheus does not give it. */
  #metric(labels: Labels): string {
    return this.#context.features.delayedNameRemoval ? labels.get(METRIC_NAME) : ''
  }

  #families(frame: Frame): readonly Family[] {
    const byKey = new Map<string, Family>()
    const familyOf = (labels: Labels): Family => {
      const known = byKey.get(labels.key)
      if (known !== undefined) return known
      const family: Family = { labels, native: undefined, buckets: [] }
      byKey.set(labels.key, family)
      return family
    }
    for (const [index, column] of frame.columns.entries()) {
      const labels = frame.labels[index] as Labels
      if (column.hasHistograms) familyOf(labels).native = index
      if (!column.present.includes(FLOAT)) continue
      const le = labels.get(BUCKET)
      const bound = parseFloatGo(le)
      if (bound === undefined) {
        this.#context.annotations.warn(annotationTexts.badBucketLabel(this.#metric(labels), le), this.#options.inputPosition)
      } else {
        familyOf(labels.without(BUCKET)).buckets.push({ bound, index })
      }
    }
    for (const { buckets } of byKey.values()) buckets.sort((left, right) => left.bound - right.bound)
    return [...byKey.values()]
  }

  #compute(compute: HistogramFunction, family: Family, frame: Frame): Column {
    const out = makeColumn(this.#grid.count)
    out.dropName = true
    const metric = this.#metric(family.labels)
    const native = family.native === undefined ? undefined : frame.columns[family.native]
    const remark: NaNRemark = (kind) => {
      this.#context.annotations.info(this.#options.remarks[kind](family.labels.get(METRIC_NAME)), this.#options.inputPosition)
    }
    const buckets: Buckets = {
      bounds: new Float64Array(family.buckets.length),
      counts: new Float64Array(family.buckets.length),
      size: 0,
    }
    for (let step = 0; step < this.#grid.count; step++) {
      if (compute.isAt?.(step) === false) continue
      gather(family, frame, step, buckets)
      if (native?.present[step] === HISTOGRAM) {
        if (buckets.size > 0) {
          this.#context.annotations.warn(annotationTexts.mixedClassicNative(metric), this.#options.inputPosition)
          continue
        }
        putFloat(out, step, compute.native(native.histograms?.[step] as Histogram, step, remark))
      } else if (buckets.size > 0) {
        putFloat(out, step, compute.classic(buckets, step, metric))
      }
    }
    return out
  }
}

function gather({ buckets }: Family, frame: Frame, step: number, into: Buckets): void {
  into.size = 0
  for (const { bound, index } of buckets) {
    const column = frame.columns[index] as Column
    if (column.present[step] === ABSENT || column.present[step] === HISTOGRAM) continue
    into.bounds[into.size] = bound
    into.counts[into.size++] = column.values[step]!
  }
}

/** Notes a repair of bucket counts for the annotation that sums them up. */
export function noteRepair(
  context: EvalContext,
  grid: Grid,
  position: Position,
  repair: { lowestBucket: number; highestBucket: number; largestRaise: number },
  metric: string,
  step: number,
): void {
  const at = timeAt(grid, step)
  const { lowestBucket, highestBucket, largestRaise } = repair
  context.annotations.repaired({ metric, samples: 1, firstAt: at, lastAt: at, lowestBucket, highestBucket, largestRaise }, position)
}
