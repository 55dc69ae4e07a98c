// Sizes as Prometheus reads them (github.com/alecthomas/units, Base2Bytes): every unit is a power of 1024, with or
// without the i, and several parts may follow each other: `1GiB512MiB`.

const PREFIXES = ['', 'K', 'M', 'G', 'T', 'P', 'E']
const PART = /([-+]?\d*\.?\d*)([^\d.]*)/y

/** A number of bytes. @throws RangeError with Prometheus's words. */
export function parseSize(text: string): number {
  if (text === '0') return 0
  const sign = text.startsWith('-') ? -1 : 1
  const body = text.replace(/^[-+]/, '')
  if (body === '') throw new RangeError(`units: invalid ${text}`)
  let bytes = 0
  PART.lastIndex = 0
  while (PART.lastIndex < body.length) {
    const [, digits = '', unit = ''] = PART.exec(body) ?? []
    if (digits === '' || digits === '.') throw new RangeError(`units: invalid ${text}`)
    bytes += Number(digits) * unitBytes(unit, text)
  }
  return sign * Math.trunc(bytes)
}

function unitBytes(unit: string, text: string): number {
  const power = PREFIXES.findIndex((prefix) => unit === `${prefix}B` || (prefix !== '' && unit === `${prefix}iB`))
  if (power < 0) throw new RangeError(`units: unknown unit ${unit} in ${text}`)
  return 1024 ** power
}

/** The text of a number of bytes: `15728640` is `15MiB`. */
export function formatSize(bytes: number): string {
  let rest = Math.abs(bytes)
  let text = ''
  for (const prefix of PREFIXES) {
    const count = rest % 1024
    rest = Math.floor(rest / 1024)
    if (count > 0 || (text === '' && rest === 0)) text = `${count}${prefix}${prefix === '' ? 'B' : 'iB'}${text}`
    if (rest === 0) break
  }
  return bytes < 0 ? `-${text}` : text
}
