// Where a number or duration ends. Prometheus first tries the longest number; what is none may still be a duration,
// whose units are checked when it is read.

const DECIMAL = '0123456789'
const HEXADECIMAL = '0123456789abcdefABCDEF'
const ALPHANUMERIC = /[a-zA-Z0-9_]/

export interface NumberScan {
  /** Undefined where the text is neither; `end` is then how far it was read. */
  readonly kind: 'number' | 'duration' | undefined
  readonly end: number
}

/** Scans from a digit, or from a point before a digit. */
export function scanNumber(text: string, start: number): NumberScan {
  const number = scanPlainNumber(text, start)
  if (number.isNumber) return { kind: 'number', end: number.end }
  return scanRestOfDuration(text, number.end)
}

function scanPlainNumber(text: string, start: number): { isNumber: boolean; end: number } {
  const reader = new Reader(text, start)
  let digits = DECIMAL
  if (reader.accept('0') && reader.accept('xX')) {
    reader.accept('_')
    digits = HEXADECIMAL
  }
  reader.accept('.')
  reader.accept(digits)
  const isWhole = scanBody(reader, digits)
  return { isNumber: isWhole && !ALPHANUMERIC.test(text[reader.at] ?? ''), end: reader.at }
}

function scanBody(reader: Reader, digits: string): boolean {
  let hasPoint = false
  let hasExponent = false
  while (reader.is(`${digits}._eE`)) {
    if (reader.is('.')) {
      const repeated = hasPoint
      hasPoint = true
      reader.accept('.')
      if (repeated || reader.accept('_.') || digits === HEXADECIMAL) return false
    } else if (reader.is('eE') && digits === DECIMAL) {
      const repeated = hasExponent
      hasExponent = true
      reader.accept('eE')
      if (repeated) return false
      reader.accept('+-')
      if (reader.accept('._eE') || reader.isAtEnd) return false
    } else if (reader.accept('_')) {
      if (reader.accept('._eE') || reader.isAtEnd) return false
    } else {
      while (reader.accept(digits));
    }
  }
  return true
}

function scanRestOfDuration(text: string, start: number): NumberScan {
  const reader = new Reader(text, start)
  const failed = (): NumberScan => ({ kind: undefined, end: reader.at })
  if (!reader.accept('smhdwy')) return failed()
  reader.accept('s')
  while (reader.accept(DECIMAL)) {
    while (reader.accept(DECIMAL));
    if (!reader.accept('smhdw')) return failed()
    reader.accept('s')
  }
  if (ALPHANUMERIC.test(text[reader.at] ?? '')) return { kind: undefined, end: reader.at + 1 }
  return { kind: 'duration', end: reader.at }
}

class Reader {
  readonly text: string
  at: number

  constructor(text: string, at: number) {
    this.text = text
    this.at = at
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  is(chars: string): boolean {
    return !this.isAtEnd && chars.includes(this.text[this.at] as string)
  }

  accept(chars: string): boolean {
    if (!this.is(chars)) return false
    this.at++
    return true
  }
}
