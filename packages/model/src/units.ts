declare const unit: unique symbol
type Unit<Name extends string> = { readonly [unit]?: Name }

/** Milliseconds since the Unix epoch; an integer. */
export type Millis = number & Unit<'Millis'>

/** A length of time in milliseconds, never negative. */
export type DurationMs = number & Unit<'DurationMs'>

/** Names one series within one appender's store. Not an index, not stable across stores. */
export type SeriesRef = number & Unit<'SeriesRef'>

/** Names one ordered list of series, made by `Appender.layout`. */
export type LayoutRef = number & Unit<'LayoutRef'>
