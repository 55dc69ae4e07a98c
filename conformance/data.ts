// The recorded behaviour of the real systems lies outside this repository, in the folder that $PROMLET_CONFORMANCE
// names. Tests read it through here, so that a run can tell which of its files no test has looked at.

import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const folder = process.env['PROMLET_CONFORMANCE']
const usedLog = process.env['PROMLET_CONFORMANCE_USED']

/** True when there is conformance data. Use as `describe.skipIf(!hasConformance)`; a line is printed where it is missing. */
export const hasConformance: boolean = folder !== undefined && existsSync(folder)
if (!hasConformance) process.stderr.write('conformance tests are skipped: $PROMLET_CONFORMANCE names no folder\n')

/** The absolute path of a file or folder of the data, such as `relabel/cases.json`. Files count as looked at. */
export function conformancePath(path: string): string {
  if (usedLog !== undefined) appendFileSync(usedLog, `${path}\n`)
  return join(folder ?? '', path)
}

/** Says that files are read by what is tested: those that others name, such as the rule files of a configuration. */
export function readIndirectly(...paths: readonly string[]): void {
  for (const path of paths) conformancePath(path)
}

/** The bytes of a file, unpacked when it ends in `.gz`. */
export function conformanceBytes(path: string): Buffer {
  const bytes = readFileSync(conformancePath(path))
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes
}

export function conformanceText(path: string): string {
  return conformanceBytes(path).toString('utf8')
}

/** A `.json` file as `T`, or a `.jsonl` file as an array of its lines. */
export function conformanceJson<T>(path: string): T {
  const text = conformanceText(path)
  if (!path.includes('.jsonl')) return JSON.parse(text)
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line)) as T
}

/** File names below a folder of the data, sorted; empty where there is no data. */
export function conformanceFiles(path: string): readonly string[] {
  return hasConformance ? readdirSync(join(folder ?? '', path)).sort() : []
}
