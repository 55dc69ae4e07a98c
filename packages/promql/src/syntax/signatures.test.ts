import { expect, test } from 'vitest'
import { functionSignatures } from './signatures.ts'

test('every function has a signature, the experimental ones are marked', () => {
  expect(functionSignatures.size).toBe(90)
  const experimental = [...functionSignatures.values()].filter(({ isExperimental }) => isExperimental).map(({ name }) => name)
  expect(experimental.sort()).toMatchInlineSnapshot(`
    [
      "double_exponential_smoothing",
      "end",
      "histogram_quantiles",
      "info",
      "mad_over_time",
      "max_of",
      "min_of",
      "range",
      "sort_by_label",
      "sort_by_label_desc",
      "start",
      "start_timestamp",
      "step",
      "ts_of_first_over_time",
      "ts_of_last_over_time",
      "ts_of_max_over_time",
      "ts_of_min_over_time",
    ]
  `)
})

test('a variadic function has a last argument type to repeat', () => {
  for (const { name, variadic, argTypes } of functionSignatures.values()) {
    if (variadic !== 0) expect(argTypes.length, name).toBeGreaterThan(0)
  }
})
