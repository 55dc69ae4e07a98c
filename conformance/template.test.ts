import type { VectorSample } from '@promlet/model'
import { Labels } from '@promlet/model'
import { createExpander, list, type MissingKey, TemplateError, type Value } from '@promlet/template'
import { describe, expect, test } from 'vitest'
import { conformanceJson, hasConformance } from './data.ts'

interface Case {
  readonly id: string
  readonly text: string
  readonly input?: readonly (number | string)[]
  readonly query_result?: readonly { readonly labels: Record<string, string>; readonly value: number | string }[]
  readonly options?: readonly string[]
  readonly html?: boolean
  readonly output?: string
  readonly should_fail?: boolean
  readonly error?: string
}

/** 2012-11-24 11:14:12 UTC. */
const EVALUATED_AT = 1_353_755_652_000

function toNumber(value: number | string): number {
  return typeof value === 'number' ? value : Number(value.replace('Inf', 'Infinity'))
}

/** In the data the three texts are the numbers that JSON cannot write. */
function toValue(input: Case['input']): Value {
  if (input === undefined) return undefined
  const items = input.map((item) => (typeof item === 'string' && /^(NaN|[+-]Inf)$/.test(item) ? toNumber(item) : item))
  return list('[]interface {}', items)
}

async function expand(given: Case): Promise<string> {
  const missingKey = given.options?.[0]?.replace('missingkey=', '') as MissingKey | undefined
  const expander = createExpander({
    name: 'test',
    text: given.text,
    ...(given.html !== undefined && { html: given.html }),
    ...(missingKey !== undefined && { missingKey }),
  })
  const samples = (given.query_result ?? []).map(
    ({ labels, value }): VectorSample => ({ labels: Labels.of(labels), at: EVALUATED_AT, value: toNumber(value) }),
  )
  return expander.expand({
    data: toValue(given.input),
    at: EVALUATED_AT,
    externalUrl: 'http://testhost:9090/path/prefix',
    query: async () => samples,
  })
}

async function outcome(given: Case): Promise<string> {
  try {
    return await expand(given)
  } catch (error) {
    if (error instanceof TemplateError) return `error: ${error.message}`
    throw error
  }
}

describe.skipIf(!hasConformance)('templates expand as Prometheus expands them', () => {
  for (const given of hasConformance ? conformanceJson<Case[]>('alerts/templates.jsonl') : []) {
    test(`${given.id}: ${given.text}`, async () => {
      expect(await outcome(given)).toBe(given.should_fail ? `error: ${given.error}` : given.output)
    })
  }
})
