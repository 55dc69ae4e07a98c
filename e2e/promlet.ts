// Promlet itself as its users run it: bin/promlet in a process of its own, in a folder that is removed afterwards.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort, type Running, run, untilOk } from './peer.ts'

export const PROMLET: string = resolve(import.meta.dirname, '../bin/promlet')

/** A folder for one test. */
export interface Folder extends Disposable {
  readonly path: string
  /** Writes a file in it and gives its path. */
  write(name: string, text: string): string
}

export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'promlet-e2e-'))
  return {
    path,
    write(name, text) {
      writeFileSync(join(path, name), text)
      return join(path, name)
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

export interface Server extends Running {
  readonly url: string
  readonly port: number
  /** `data` of an API answer. @throws with the error that it gives. */
  api<T>(path: string): Promise<T>
  /** The value of the only series of an instant query; undefined when there is none. */
  value(query: string): Promise<number | undefined>
}

/** Starts `promlet serve …` on a free port and waits until it is ready. */
export async function serve(components: readonly string[], flags: readonly string[], port?: number): Promise<Server> {
  const chosen = port ?? (await freePort())
  const url = `http://127.0.0.1:${chosen}`
  const running = run(PROMLET, ['serve', ...components, `--web.listen-address=127.0.0.1:${chosen}`, ...flags])
  try {
    await Promise.race([untilOk(`${url}/-/ready`), ended(running)])
  } catch (error) {
    await running.stop('SIGKILL')
    throw new Error(`promlet did not become ready:\n${running.output()}`, { cause: error })
  }
  return { ...running, url, port: chosen, api: (path) => api(url, path), value: (query) => value(url, query) }
}

function ended({ process }: Running): Promise<never> {
  return new Promise((_, reject) => process.once('close', (code) => reject(new Error(`it ended with ${code}`))))
}

/** `data` of an API answer of any Prometheus-compatible server. */
export async function api<T>(url: string, path: string): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}`)
  const answer = (await response.json()) as { status: string; data: T; error?: string }
  if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`)
  return answer.data
}

/** The value of the only series of an instant query; undefined when there is none. */
export async function value(url: string, query: string): Promise<number | undefined> {
  const { result } = await api<{ result: { value: [number, string] }[] }>(url, `query?${new URLSearchParams({ query })}`)
  return result.length === 1 ? Number(result[0]?.value[1]) : undefined
}
