// One entry of `remote_read`: what of a selection its server is asked, and what of the answer is passed on. Prometheus:
// storage/remote/read.go and storage.go.

import type { RemoteReadConfig } from '@promlet/config'
import {
  Labels,
  Matcher,
  type MatcherSets,
  type Millis,
  type Queryable,
  type Selection,
  type SelectOptions,
  type SeriesColumns,
  type TimeRange,
} from '@promlet/model'

type Reads = Pick<Queryable, 'select' | 'series'>

export interface ReadEndpointOptions {
  readonly config: Pick<RemoteReadConfig, 'readRecent' | 'requiredMatchers' | 'filterExternalLabels'>
  readonly externalLabels: Labels
  readonly reader: Reads
  /** The oldest sample of the store of this process; Infinity while it is empty. */
  readonly startTime: () => Millis
}

export class ReadEndpoint implements Reads {
  readonly #options: ReadEndpointOptions
  readonly #external: Labels

  constructor(options: ReadEndpointOptions) {
    this.#options = options
    this.#external = options.config.filterExternalLabels ? options.externalLabels : Labels.empty
  }

  async select(selections: readonly Selection[], options?: SelectOptions): Promise<readonly (readonly SeriesColumns[])[]> {
    const asked = selections.map((selection) => this.#ask(selection))
    const results = await this.#options.reader.select(asked.filter(isAsked), options)
    let next = 0
    return asked.map((one) => (one === undefined ? [] : this.#passOn(results[next++] ?? [], one.added)))
  }

  async series(range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly Labels[]> {
    const asked = matcherSets.map((matchers) => this.#ask({ ...range, matchers })).filter(isAsked)
    const found: Labels[] = []
    for (const { from, to, matchers, added } of asked) {
      const series = await this.#options.reader.series({ from, to }, [matchers], options)
      found.push(...series.map((labels) => labels.without(...added)))
    }
    return found
  }

  /** Undefined: the server is not asked. */
  #ask({ from, to, matchers }: Selection): Asked | undefined {
    const { config, startTime } = this.#options
    const start = config.readRecent ? Infinity : startTime()
    if (from > start || ![...config.requiredMatchers].every(([name, value]) => hasEquality(matchers, name, value))) return undefined
    const missing = [...this.#external].filter(([name]) => !matchers.some((matcher) => matcher.name === name))
    const own = missing.map(([name, value]) => new Matcher(name, '=', value))
    return { from, to: Math.min(to, start), matchers: [...matchers, ...own], added: missing.map(([name]) => name) }
  }

  /** Labels that were only asked for to find what belongs to this server are not those of its series. */
  #passOn(series: readonly SeriesColumns[], added: readonly string[]): readonly SeriesColumns[] {
    if (added.length === 0) return series
    return series
      .map((one) => ({ ...one, labels: one.labels.without(...added) }))
      .sort((left, right) => Labels.compare(left.labels, right.labels))
  }
}

interface Asked extends Selection {
  /** Names of external labels that were added to the matchers. */
  readonly added: readonly string[]
}

function isAsked(asked: Asked | undefined): asked is Asked {
  return asked !== undefined
}

function hasEquality(matchers: readonly Matcher[], name: string, value: string): boolean {
  return matchers.some((matcher) => matcher.name === name && matcher.operator === '=' && matcher.value === value)
}
