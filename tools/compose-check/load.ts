import { storedTimes, write } from './stored.ts'

export interface Load {
  /** How many writes were acknowledged so far. */
  acknowledged(): number
  stop(): Promise<void>
  /** How many acknowledged writes are not stored whole. */
  findLost(): Promise<number>
}

const WRITERS = 2
const SERIES = 50

/** Writes to the store as fast as it answers, and remembers what it acknowledged. What fails is not tried again. */
export function startLoad(url: string): Load {
  let isOn = true
  const acknowledged: number[][] = Array.from({ length: WRITERS }, () => [])
  const writers = acknowledged.map(async (times, writer) => {
    const labelSets = Array.from({ length: SERIES }, (_, index) => labelsOf(writer, index))
    let last = 0
    while (isOn) {
      const at = Math.max(last + 1, Date.now())
      last = at
      try {
        await write(url, labelSets, at, at)
        times.push(at)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  })
  return {
    acknowledged: () => acknowledged.reduce((sum, times) => sum + times.length, 0),
    async stop() {
      isOn = false
      await Promise.all(writers)
    },
    async findLost() {
      let lost = 0
      for (const [writer, times] of acknowledged.entries()) lost += await countLost(url, writer, times)
      return lost
    },
  }
}

function labelsOf(writer: number, index: number): Record<string, string> {
  return { __name__: 'compose_check_load', writer: String(writer), series: String(index) }
}

async function countLost(url: string, writer: number, times: readonly number[]): Promise<number> {
  const stored = await storedTimes(url, `compose_check_load{writer="${writer}"}[1h]`, (times.at(-1) ?? 0) + 1)
  if (stored.length < SERIES) return times.length
  const sets = stored.map((series) => new Set(series.times))
  return times.filter((time) => !sets.every((set) => set.has(time))).length
}
