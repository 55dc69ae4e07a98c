// Where a command writes more than fits into memory: standard output or a file, never faster than it is taken away.

import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { CommandError } from './command.ts'

const PIECE_CHARS = 64 * 1024

export interface Output extends AsyncDisposable {
  /** False when nobody reads it any more. */
  write(text: string): Promise<boolean>
  /** Writes what is left; a file is closed. @throws CommandError when it cannot be written. */
  end(): Promise<void>
}

/** @throws CommandError from the first write on, when the file cannot be written. Without a path it is standard output. */
export function openOutput(path: string): Output {
  if (path === '' || path === '-') return new StreamOutput(process.stdout, 'standard output', false)
  return new StreamOutput(createWriteStream(path), path, true)
}

class StreamOutput implements Output {
  readonly #stream: Writable
  readonly #name: string
  readonly #isOwn: boolean
  #pieces: string[] = []
  #chars = 0
  #failure: Error | undefined

  constructor(stream: Writable, name: string, isOwn: boolean) {
    this.#stream = stream
    this.#name = name
    this.#isOwn = isOwn
    stream.on('error', (error) => {
      this.#failure = error
    })
  }

  async write(text: string): Promise<boolean> {
    this.#pieces.push(text)
    this.#chars += text.length
    return this.#chars < PIECE_CHARS || this.#flush()
  }

  async end(): Promise<void> {
    await this.#flush()
    if (this.#isOwn) {
      this.#stream.end()
      await firstOf(this.#stream, ['close', 'error'])
    }
    if (this.#failure !== undefined && this.#isOwn) throw this.#error(this.#failure)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOwn) this.#stream.destroy()
  }

  async #flush(): Promise<boolean> {
    const text = this.#pieces.join('')
    this.#pieces = []
    this.#chars = 0
    if (text !== '' && this.#isOpen && !this.#stream.write(text)) await firstOf(this.#stream, ['drain', 'close', 'error'])
    if (this.#failure !== undefined && this.#isOwn) throw this.#error(this.#failure)
    return this.#isOpen
  }

  get #isOpen(): boolean {
    return this.#failure === undefined && !this.#stream.destroyed
  }

  #error(cause: Error): CommandError {
    return new CommandError(`${this.#name}: it cannot be written: ${cause.message}`, { cause })
  }
}

function firstOf(stream: Writable, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of events) stream.off(event, done)
      resolve()
    }
    for (const event of events) stream.on(event, done)
  })
}
