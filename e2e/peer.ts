// Real servers from Debian's packages, started on free loopback ports for one test and stopped by pid.

import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'

/** The path of a program, or undefined (and a printed line) where the machine does not have it. */
export function findPeer(program: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
  process.stderr.write(`tests against ${program} are skipped: it is not installed\n`)
  return undefined
}

/** A port on 127.0.0.1 that was free a moment ago, for programs that cannot be told to choose one. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

export interface Running extends AsyncDisposable {
  readonly process: ChildProcess
  readonly pid: number
  /** What it has printed so far, both streams. */
  output(): string
  /** Sends a signal and resolves when the process has ended. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts a program; leaving the scope stops it, with SIGKILL after ten seconds. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; detached?: boolean } = {},
): Running {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve).once('error', () => resolve(null)))
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    const killer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    try {
      return await ended
    } finally {
      clearTimeout(killer)
    }
  }
  return { process: child, pid: child.pid ?? 0, output: () => output, stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

/** Asks a URL until it answers 2xx. @throws with the last failure after `timeoutMs`. */
export async function untilOk(url: string, timeoutMs = 20_000): Promise<void> {
  await until(async () => (await fetch(url)).ok, `${url} to answer 2xx`, timeoutMs)
}

/** Repeats a check until it holds. @throws naming `what` and the last failure. */
export async function until(check: () => Promise<boolean> | boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < end) {
    try {
      if (await check()) return
      last = undefined
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: last })
}
