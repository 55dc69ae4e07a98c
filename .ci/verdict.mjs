// Reads the runner's JSON report and says whether the run counts: node verdict.mjs REPORT USED TEST_STATUS CHECK_STATUS

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const [reportPath, usedPath, testStatus, checkStatus] = process.argv.slice(2)
const report = existsSync(reportPath) ? JSON.parse(readFileSync(reportPath, 'utf8')) : undefined
const problems = []
if (report === undefined) problems.push('the test runner wrote no report')
if (testStatus !== '0') problems.push(`npm test ended with status ${testStatus}`)
if (checkStatus !== '0') problems.push(`npm run check ended with status ${checkStatus}`)

// Peers are installed and the conformance data is there, so nothing has a reason to be skipped.
const conformance = process.env.PROMLET_CONFORMANCE
for (const file of report?.testResults ?? []) {
  for (const test of file.assertionResults) {
    const needsData = file.name.includes('/conformance/')
    if (['skipped', 'pending', 'todo'].includes(test.status) && (conformance !== undefined || !needsData)) {
      problems.push(`skipped: ${file.name} > ${test.fullName}`)
    }
  }
  if (file.status === 'failed' && file.assertionResults.length === 0) problems.push(`failed to load: ${file.name}`)
}

if (conformance !== undefined) {
  const used = new Set(readFileSync(usedPath, 'utf8').split('\n'))
  const later = JSON.parse(readFileSync('conformance/not-yet.json', 'utf8'))
  const covered = (path) =>
    used.has(path) ||
    [...used].some((folder) => folder !== '' && path.startsWith(`${folder}/`)) ||
    later.some(({ path: start }) => path.startsWith(start))
  for (const path of walk(conformance, '')) if (!covered(path)) problems.push(`no test looked at the conformance file ${path}`)
  for (const { path, why } of later) console.log(`not yet covered: ${path}: ${why}`)
}

for (const problem of problems) console.log(problem)
const failed =
  (report?.numFailedTests ?? 0) +
  (report?.testResults ?? []).filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length
const passed = report?.numPassedTests ?? 0
console.log(`${passed} passed, ${failed === 0 && problems.length > 0 ? problems.length : failed} failed`)
process.exit(problems.length > 0 || failed > 0 ? 1 : 0)

function* walk(root, folder) {
  for (const name of readdirSync(join(root, folder))) {
    const path = folder === '' ? name : `${folder}/${name}`
    if (statSync(join(root, path)).isDirectory()) yield* walk(root, path)
    else if (path !== 'README.md') yield path
  }
}
