import { type Labels, METRIC_NAME, QueryError } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { type Column, clearColumn, FLOAT, removeStep } from '../columns/column.ts'
import { findWindows, PerTimes, type Windows } from '../columns/windows.ts'
import { functionsFor, rangeFunctions } from '../functions/range-catalog.ts'
import type { ExtendedFunction, FloatFunction, MixedFunction, RangeCall, RangeFunction } from '../functions/range-function.ts'
import { gridTimes } from '../plan/grid.ts'
import type { WindowCallNode } from '../plan/node.ts'
import type { Budget } from './budget.ts'
import { dropMetadata, type EvalContext } from './context.ts'
import type { Operator } from './operator.ts'
import { readTimes } from './read-times.ts'
import { readScalar } from './scalar.ts'
import { type Samples, type WindowSource, windowSource } from './window-source.ts'

const SAMPLES_UNASKED_MAX = 50_000

/** A function of a range of samples, such as rate: it slides over the samples of a series once for all steps. */
export class WindowCall implements Operator {
  readonly #node: WindowCallNode
  readonly #context: EvalContext
  readonly #function: RangeFunction
  readonly #floats: FloatFunction
  readonly #mixed: MixedFunction | undefined
  readonly #source: WindowSource
  readonly #windows: PerTimes<Windows>
  /** False for the points of a subquery. */
  readonly #isStored: boolean
  readonly #worked: (samples: number) => void
  #index = 0
  #current: Labels | undefined
  /** The metric that was looked at last and is called like a counter: most series of a selection are of one. */
  #counter = ''

  constructor(node: WindowCallNode, inner: Operator | undefined, args: readonly Operator[], context: EvalContext) {
    const range = rangeFunctions.get(node.name)
    if (range === undefined) throw new RangeError(`no range function ${node.name}`)
    const { extension, lookback } = node.window
    const ends = readTimes(node.grid, node.window)
    const call = this.#call(node, ends, args, context)
    const computed = extension === undefined ? range : extended(node.name, range, extension)
    this.#node = node
    this.#context = context
    this.#worked = asksAfterWork(context.budget)
    this.#isStored = node.window.source.kind === 'samples'
    this.#function = range
    this.#floats = computed.floats(call)
    this.#mixed = computed.mixed === 'floats-only' ? undefined : computed.mixed(call)
    const before = node.window.range + (extension === undefined ? 0 : lookback)
    const after = extension === 'smoothed' ? lookback : 0
    const reach = { after: (ends[0] ?? 0) - before, to: (ends.at(-1) ?? 0) + after }
    this.#source = windowSource(node.window, inner, reach, context)
    this.#windows = new PerTimes((times) => findWindows(times, ends, before, after))
  }

  series(): readonly Labels[] {
    if (this.#function.keepsName || this.#context.features.delayedNameRemoval) return this.#source.labels
    return this.#source.labels.map(dropMetadata)
  }

  next(into: Column): boolean {
    const labels = this.#source.labels[this.#index]
    if (labels === undefined) return false
    this.#current = labels
    const samples = this.#source.read(this.#index++)
    clearColumn(into)
    into.dropName = samples.dropName || !this.#function.keepsName
    const windows = this.#windows.get(samples.times)
    this.#context.samplesRead.addWindows(windows, this.#isStored)
    if (samples.histograms === undefined)
      this.#floats({ times: samples.times, values: samples.values, starts: samples.starts, windows, worked: this.#worked }, into)
    else this.#callMixed(samples, windows, into)
    this.#doubtCounter(labels, into)
    return true
  }

  #call(node: WindowCallNode, ends: Float64Array, args: readonly Operator[], context: EvalContext): RangeCall {
    const position = (node.call.args[0] ?? node.call).position
    return {
      range: node.window.range,
      ends,
      stepTimes: gridTimes(node.grid),
      args: args.map((arg) => readScalar(arg, node.grid.count)),
      metricName: () => this.#current?.get(METRIC_NAME) ?? '',
      warn: (text) => context.annotations.warn(text, position),
      info: (text) => context.annotations.info(text, position),
    }
  }

  #callMixed(samples: Samples, floatWindows: Windows, into: Column): void {
    const { times, values, starts, histogramTimes = new Float64Array(0), histograms = [], histogramStarts } = samples
    const windows = this.#windows.get(histogramTimes)
    this.#context.samplesRead.addHistogramWindows(windows, histograms, this.#isStored)
    this.#floats({ times, values, starts, windows: floatWindows, worked: this.#worked }, into)
    if (this.#mixed === undefined) {
      if (haveBoth(floatWindows, windows, into)) {
        const text = annotationTexts.ignoredInRange(this.#current?.get(METRIC_NAME) ?? '')
        this.#context.annotations.info(text, (this.#node.call.args[0] ?? this.#node.call).position)
      }
      return
    }
    for (let step = 0; step < this.#node.grid.count; step++) {
      const histogramLow = windows.low[step]!
      const histogramHigh = windows.high[step]!
      if (histogramLow === histogramHigh) continue
      this.#context.budget.check()
      const floatLow = floatWindows.low[step]!
      const floatHigh = floatWindows.high[step]!
      removeStep(into, step)
      const floats = { floatTimes: times, floats: values, floatStarts: starts, floatLow, floatHigh }
      this.#mixed({ step, ...floats, histogramTimes, histograms, histogramStarts, histogramLow, histogramHigh }, into)
    }
  }

  /** A rate of something that is called like no counter is worth a remark. */
  #doubtCounter(labels: Labels, into: Column): void {
    if ((this.#node.name !== 'rate' && this.#node.name !== 'increase') || into.count === 0) return
    const name = labels.get(METRIC_NAME)
    if (name === this.#counter || name === '' || !hasFloat(into)) return
    const { annotations, features } = this.#context
    const position = (this.#node.call.args[0] ?? this.#node.call).position
    if (features.typeAndUnitLabels) {
      const type = labels.get('__type__')
      if (type !== 'counter' && type !== 'histogram') annotations.info(annotationTexts.possibleNonCounterType(name, type), position)
    } else if (/(?:_total|_sum|_count|_bucket)$/.test(name)) {
      this.#counter = name
    } else {
      annotations.info(annotationTexts.possibleNonCounter(name), position)
    }
  }
}

/** Asks the budget each time when so many samples were looked at: a window may be long, and a series may have thousands. */
function asksAfterWork(budget: Budget): (samples: number) => void {
  let unasked = 0
  return (samples) => {
    unasked += samples
    if (unasked < SAMPLES_UNASKED_MAX) return
    unasked = 0
    budget.check()
  }
}

function extended(name: string, range: RangeFunction, extension: 'anchored' | 'smoothed'): ExtendedFunction {
  const found = range[extension]
  if (found !== undefined) return found
  const allowed = functionsFor(extension).join(', ')
  throw new QueryError('execution', `${extension} modifier can only be used with: ${allowed} - not with ${name}`)
}

function hasFloat(column: Column): boolean {
  return column.hasHistograms ? column.present.includes(FLOAT) : column.count > 0
}

/** True when a step saw floats and histograms. */
function haveBoth(floats: Windows, histograms: Windows, into: Column): boolean {
  for (let step = 0; step < into.present.length; step++) {
    if (floats.low[step]! < floats.high[step]! && histograms.low[step]! < histograms.high[step]!) return true
  }
  return false
}
