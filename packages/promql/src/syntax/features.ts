/** Parts of the language that Prometheus offers behind `--enable-feature=promql-…`. */
export interface Features {
  /** `promql-experimental-functions`: functions marked so, and the aggregations limitk and limit_ratio. */
  readonly experimentalFunctions: boolean
  /** `promql-duration-expr`: arithmetic in ranges, steps and offsets. */
  readonly durationExpressions: boolean
  /** `promql-extended-range-selectors`: `anchored` and `smoothed`. */
  readonly extendedRangeSelectors: boolean
  /** `promql-binop-fill-modifiers`: `fill`, `fill_left`, `fill_right`. */
  readonly fillModifiers: boolean
}

export const allFeatures: Features = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
}
