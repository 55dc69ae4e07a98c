// Compares an answer with a recorded one: status, headers that mean something, and the body. Times, durations and facts
// of the machine have to be there and of their kind, their values differ. Numbers may differ by a relative 1e-6.

/** An answer, recorded or given; `headers` has those that mean something, in lower case. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: string
  readonly body_lines_matching?: string
}

const TOLERANCE = 1e-6

/** Fields that hold a time, a duration or a place: only their kind is compared. */
const VOLATILE = new Set([
  'lastScrape',
  'lastScrapeDuration',
  'evaluationTime',
  'lastEvaluation',
  'activeAt',
  'startTime',
  'lastConfigTime',
  'evalTotalTime',
  'resultSortTime',
  'queryPreparationTime',
  'innerEvalTime',
  'execQueueTime',
  'execTotalTime',
])

/** Fields that only Promlet has: where a query is wrong, and what could stand there. */
const OWN = new Set(['position', 'hint'])

/** What differs, one line each; empty when the answers are alike. */
export function differences(given: Answer, recorded: Answer): readonly string[] {
  const found: string[] = []
  if (given.status !== recorded.status) found.push(`status: ${given.status} instead of ${recorded.status}`)
  for (const [name, value] of Object.entries(recorded.headers ?? {})) {
    const own = given.headers?.[name]
    if (own !== value) found.push(`header ${name}: ${own} instead of ${value}`)
  }
  if (recorded.json !== undefined) compare(given.json ?? given.body, recorded.json, '', found)
  else if (keptLines(given.body ?? '', recorded) !== keptLines(recorded.body ?? '', recorded))
    found.push(`body: ${given.body} instead of ${recorded.body}`)
  return found
}

/** Of an exposition some lines, without the times of its samples. */
function keptLines(body: string, { body_lines_matching: pattern }: Answer): string {
  if (pattern === undefined) return body
  const kept = body.split('\n').filter((line) => new RegExp(pattern).test(line))
  return kept.map((line) => `${line.replace(/ \d{13}$/, ' at some time')}\n`).join('')
}

function compare(given: unknown, recorded: unknown, path: string, found: string[]): void {
  if (Array.isArray(given) && Array.isArray(recorded)) compareLists(given, recorded, path, found)
  else if (isObject(given) && isObject(recorded)) compareObjects(given, recorded, path, found)
  else if (!isNear(given, recorded)) found.push(`${path}: ${JSON.stringify(given)} instead of ${JSON.stringify(recorded)}`)
}

function compareLists(given: readonly unknown[], recorded: readonly unknown[], path: string, found: string[]): void {
  if (given.length !== recorded.length) found.push(`${path}: ${given.length} items instead of ${recorded.length}`)
  const [left, right] = isUnordered(recorded) ? [sorted(given), sorted(recorded)] : [given, recorded]
  for (const [index, item] of right.entries()) if (index < left.length) compare(left[index], item, `${path}[${index}]`, found)
}

/** Series of an instant query and metadata of targets come in the order of Go's maps. */
function isUnordered(items: readonly unknown[]): boolean {
  return items.every((item) => isObject(item) && ('value' in item || ('target' in item && 'metric' in item)))
}

function sorted(items: readonly unknown[]): readonly unknown[] {
  const key = (item: unknown) => JSON.stringify(isObject(item) ? item['metric'] : item)
  return [...items].sort((left, right) => (key(left) < key(right) ? -1 : 1))
}

function compareObjects(given: Record<string, unknown>, recorded: Record<string, unknown>, path: string, found: string[]): void {
  for (const name of new Set([...Object.keys(given), ...Object.keys(recorded)])) {
    if (OWN.has(name) || (given['status'] === 'success' && name === 'infos')) continue
    const at = `${path}.${name}`
    if (!(name in recorded)) found.push(`${at}: ${JSON.stringify(given[name])} is not in the recorded answer`)
    else if (!(name in given)) found.push(`${at}: missing`)
    else if (VOLATILE.has(name)) compareKinds(given[name], recorded[name], at, found)
    else compare(given[name], recorded[name], at, found)
  }
}

function compareKinds(given: unknown, recorded: unknown, path: string, found: string[]): void {
  const isTime = typeof recorded === 'string'
  if (typeof given !== typeof recorded) found.push(`${path}: ${typeof given} instead of ${typeof recorded}`)
  else if (isTime && Number.isNaN(Date.parse(String(given)))) found.push(`${path}: ${given} is no time`)
}

/** The name of a snapshot: a time and a random number. */
const SNAPSHOT = /^\d{8}T\d{6}Z-[0-9a-f]{1,16}$/

function isNear(given: unknown, recorded: unknown): boolean {
  if (given === recorded) return true
  if (typeof given === 'string' && typeof recorded === 'string' && SNAPSHOT.test(recorded)) return SNAPSHOT.test(given)
  const [left, right] = [asNumber(given), asNumber(recorded)]
  return typeof given === typeof recorded && Math.abs(left - right) <= TOLERANCE * Math.max(Math.abs(left), Math.abs(right))
}

/** Sample values are numbers in strings. */
function asNumber(value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d/.test(value)) ? Number(value) : Number.NaN
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
