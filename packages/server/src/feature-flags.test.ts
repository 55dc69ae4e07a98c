import { describe, expect, test } from 'vitest'
import { readFeatureFlags } from './feature-flags.ts'

describe('names of features', () => {
  test('leave PromQL whole when there are none', () => {
    const { engine, perStepStats, inert, unknown } = readFeatureFlags(new Set())
    expect(Object.values(engine.syntax)).toEqual([true, true, true, true])
    expect(engine).toMatchObject({ delayedNameRemoval: true, startTimestamps: true, typeAndUnitLabels: false })
    expect({ perStepStats, inert, unknown }).toEqual({ perStepStats: false, inert: [], unknown: [] })
  })

  test('turn parts off with no- before them', () => {
    const { engine, unknown } = readFeatureFlags(new Set(['no-promql-duration-expr', 'no-promql-delayed-name-removal']))
    expect(engine.syntax).toMatchObject({ durationExpressions: false, experimentalFunctions: true })
    expect(engine).toMatchObject({ delayedNameRemoval: false, startTimestamps: true })
    expect(unknown).toEqual([])
  })

  test('turn on what is not', () => {
    const { engine, perStepStats } = readFeatureFlags(new Set(['promql-per-step-stats', 'type-and-unit-labels', 'promql-duration-expr']))
    expect({ perStepStats, types: engine.typeAndUnitLabels }).toEqual({ perStepStats: true, types: true })
  })

  test('are told apart: known to Prometheus and without a meaning here, and not known at all', () => {
    const { inert, unknown } = readFeatureFlags(new Set(['exemplar-storage', 'promql-warp-drive', 'no-exemplar-storage', '']))
    expect({ inert, unknown }).toEqual({ inert: ['exemplar-storage'], unknown: ['promql-warp-drive', 'no-exemplar-storage'] })
  })
})
