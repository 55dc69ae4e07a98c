/** How far a window is extrapolated to its start and end, in seconds, from times in milliseconds. */
export function extrapolation(first: number, last: number, samples: number, end: number, range: number): readonly [number, number, number] {
  const sampled = (last - first) / 1000
  const distance = sampled / (samples - 1)
  const threshold = distance * 1.1
  const before = (first - (end - range)) / 1000
  const after = (end - last) / 1000
  return [sampled, before >= threshold ? distance / 2 : before, after >= threshold ? distance / 2 : after]
}
