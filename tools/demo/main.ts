// A tour of the stack on this machine, without Docker: starts Promlet and the three example services on a folder of
// their own, shows what can be asked, makes an alert fire, and keeps running until Ctrl-C.
//   npm run demo              (npm run demo -- --once ends after the tour, with exit code 0 when all was seen)

import { DemoStack } from './stack.ts'
import { takeTour } from './tour.ts'

const once = process.argv.includes('--once')
const stopped = new Promise<'stopped'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('stopped'))
})

// Not only the code: what the tour still waits for would hold the process.
process.exit(await main())

async function main(): Promise<number> {
  await using stack = new DemoStack()
  const tour = takeTour(stack, say).then(() => 'seen' as const)
  try {
    const outcome = await Promise.race([tour, stopped, stack.broken])
    if (outcome === 'seen' && !once) {
      say('\nEverything keeps running. Ctrl-C ends it and removes its folder.')
      await Promise.race([stopped, stack.broken])
    }
    if (!once || outcome === 'stopped') say('\nStopping.')
    return once && outcome === 'stopped' ? 1 : 0
  } catch (error) {
    say(`\nThe demo cannot go on: ${describe(error)}`)
    return 1
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message} (${describe(error.cause)})`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
