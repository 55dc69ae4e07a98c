// Removes each guard of the store in turn, in a copy of the repository, and shows that a test turns red without it.
//   npm run check:guards              all of them, in some minutes
//   npm run check:guards -- log       those with `log` in their names
// Ends with 1 when a guard is not caught, or when its edit does not fit the source any more.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Checkout, makeCheckout } from './checkout.ts'
import { type Guard, withoutGuard } from './guard.ts'
import { guards } from './guards.ts'

interface Outcome {
  readonly passed: number
  readonly failed: number
  /** The first test that failed. */
  readonly red: string | undefined
  readonly output: string
}

/** Vitest's report, as far as it is needed. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly { readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[] }[]
}

function runTests({ path }: Checkout, { tests, title }: Pick<Guard, 'tests' | 'title'>): Outcome {
  const report = join(path, 'report.json')
  writeFileSync(report, '{"numPassedTests":0,"numFailedTests":0,"testResults":[]}')
  const filter = title === undefined ? [] : ['--testNamePattern', title]
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', ...tests, ...filter, '--reporter=json', `--outputFile=${report}`],
    { cwd: path, encoding: 'utf8', timeout: 300_000 },
  )
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
  const red = testResults.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === 'failed')
  return { passed: numPassedTests, failed: numFailedTests, red: red?.fullName, output: `${stdout}${stderr}` }
}

/** Why the guard does not count as caught; undefined when it does. */
function check(checkout: Checkout, guard: Guard): string | undefined {
  const file = join(checkout.path, guard.file)
  const text = readFileSync(file, 'utf8')
  let broken: string
  try {
    broken = withoutGuard(guard, text)
  } catch (error) {
    return (error as Error).message
  }
  const whole = runTests(checkout, guard)
  if (whole.failed > 0 || whole.passed === 0)
    return `with it ${whole.passed} tests pass and ${whole.failed} fail: ${whole.red ?? whole.output.slice(-1000)}`
  writeFileSync(file, broken)
  try {
    const { failed, red, output } = runTests(checkout, guard)
    if (failed === 0) return `without it all ${whole.passed} tests pass, or none runs: ${output.slice(-300)}`
    process.stdout.write(`caught  ${guard.name}\n        by: ${red}\n`)
    return undefined
  } finally {
    writeFileSync(file, text)
  }
}

const [wanted = ''] = process.argv.slice(2)
const chosen = guards.filter(({ name }) => name.includes(wanted))
using checkout = makeCheckout()
let caught = 0
for (const guard of chosen) {
  const failure = check(checkout, guard)
  if (failure === undefined) caught++
  else process.stdout.write(`MISSED  ${guard.name}\n        ${failure}\n`)
}
process.stdout.write(`${chosen.length} guards, ${caught} caught\n`)
process.exitCode = caught === chosen.length && caught > 0 ? 0 : 1
