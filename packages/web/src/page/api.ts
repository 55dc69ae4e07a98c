export type LabelSet = Readonly<Record<string, string>>
export type Sample = readonly [seconds: number, value: string]

export interface Matrix {
  readonly resultType: 'matrix'
  readonly result: readonly { readonly metric: LabelSet; readonly values?: readonly Sample[]; readonly histograms?: readonly unknown[] }[]
}

export interface Vector {
  readonly resultType: 'vector'
  readonly result: readonly { readonly metric: LabelSet; readonly value?: Sample; readonly histogram?: readonly [number, unknown] }[]
}

export type Single = { readonly resultType: 'scalar'; readonly result: Sample } | { readonly resultType: 'string'; readonly result: Sample }

export interface Target {
  readonly discoveredLabels: LabelSet
  readonly labels: LabelSet
  readonly scrapePool: string
  readonly scrapeUrl: string
  readonly lastError: string
  readonly lastScrape: string
  readonly lastScrapeDuration: number
  readonly health: 'up' | 'down' | 'unknown'
}

export interface Alert {
  readonly labels: LabelSet
  readonly annotations: LabelSet
  readonly state: 'pending' | 'firing' | 'inactive'
  readonly activeAt: string
  readonly value: string
}

export interface Rule {
  readonly type: 'alerting' | 'recording'
  readonly name: string
  readonly query: string
  readonly health: 'ok' | 'err' | 'unknown'
  readonly lastError?: string
  readonly state?: 'pending' | 'firing' | 'inactive'
  readonly duration?: number
  readonly labels?: LabelSet
  readonly annotations?: LabelSet
  readonly alerts?: readonly Alert[]
  readonly evaluationTime: number
}

export interface RuleGroup {
  readonly name: string
  readonly file: string
  readonly interval: number
  readonly evaluationTime: number
  readonly lastEvaluation: string
  readonly rules: readonly Rule[]
}

/** What the API said: data with notices, or why there is none. */
export type Answer<T> =
  | { readonly ok: true; readonly data: T; readonly notices: readonly string[]; readonly ms: number }
  | {
      readonly ok: false
      readonly error: string
      readonly hint: string | undefined
      readonly position: { readonly start: number; readonly end: number } | undefined
    }

/** What the server wrote into the page. */
export const page = {
  /** What its paths start with. */
  prefix: document.body.dataset['prefix'] ?? '',
  title: document.body.dataset['title'] ?? '',
}

/** Asks `/api/v1/…`; parameters go as a form, so that long queries fit. */
export async function ask<T>(path: string, params?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Answer<T>> {
  const started = performance.now()
  try {
    const form = params === undefined ? {} : { method: 'POST', body: new URLSearchParams(params) }
    const response = await fetch(`${page.prefix}/api/v1/${path}`, { ...form, ...(signal === undefined ? {} : { signal }) })
    const answer = await response.json()
    if (answer.status !== 'success') return { ok: false, error: answer.error, hint: answer.hint, position: answer.position }
    const notices = [...(answer.warnings ?? []), ...(answer.infos ?? [])]
    return { ok: true, data: answer.data, notices, ms: performance.now() - started }
  } catch (error) {
    return { ok: false, error: `The server did not answer: ${error}`, hint: undefined, position: undefined }
  }
}
