// The stack of docker-compose.yml under a project name of its own, on ports of its own, with a copy of its config.

import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../e2e/peer.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

export interface Compose extends AsyncDisposable {
  /** The page and API. */
  readonly url: string
  readonly pushgatewayUrl: string
  /** Runs a Compose command and gives what it printed. @throws with its error output. */
  command(...args: readonly string[]): Promise<string>
  /** Runs JavaScript inside a service's container. */
  node(service: string, script: string): Promise<string>
  /** The health of each container, by service. */
  health(): Promise<ReadonlyMap<string, string>>
  /** Replaces a config file as editors do: by renaming a new one over it. */
  edit(file: string, change: (text: string) => string): void
}

/**
 * Prepares the stack without starting it. `$COMPOSE` names the command where neither `docker compose` nor
 * `docker-compose` is meant; `$PROMLET_COMPOSE_OVERRIDE` names a further Compose file for what only this machine needs.
 */
export async function prepareCompose(): Promise<Compose> {
  const [program, ...first] = await findCompose()
  const configFolder = copyConfig()
  const [port, pushgatewayPort] = [await freePort(), await freePort()]
  const env = {
    ...process.env,
    COMPOSE_PROJECT_NAME: `promlet-check-${process.pid}`,
    PROMLET_CONFIG: configFolder,
    PROMLET_PORT: String(port),
    PROMLET_PUSHGATEWAY_PORT: String(pushgatewayPort),
  }
  const override = process.env['PROMLET_COMPOSE_OVERRIDE']
  const files = ['-f', join(root, 'docker-compose.yml'), ...(override === undefined ? [] : ['-f', resolve(override)])]
  const command = async (...args: readonly string[]) => {
    try {
      return (await run(program as string, [...first, ...files, ...args], { env, cwd: root, maxBuffer: OUTPUT_BYTES_MAX })).stdout
    } catch (cause) {
      const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string }
      throw new Error(`compose ${args.join(' ')} failed:\n${stdout.slice(-2_000)}\n${stderr.slice(-2_000)}`)
    }
  }
  return {
    url: `http://127.0.0.1:${port}`,
    pushgatewayUrl: `http://127.0.0.1:${pushgatewayPort}`,
    command,
    node: (service, script) => command('exec', '-T', service, 'node', '--input-type=module', '-e', script),
    health: () => health(command),
    edit(file, change) {
      const path = join(configFolder, file)
      writeFileSync(`${path}.new`, change(readFileSync(path, 'utf8')))
      renameSync(`${path}.new`, path)
    },
    async [Symbol.asyncDispose]() {
      await command('down', '--volumes', '--remove-orphans', '--timeout', '5')
      rmSync(configFolder, { recursive: true })
    },
  }
}

async function findCompose(): Promise<readonly string[]> {
  const given = process.env['COMPOSE']
  if (given !== undefined) return given.split(' ')
  for (const words of [['docker', 'compose'], ['docker-compose']]) {
    const [program = '', ...rest] = words
    const works = await run(program, [...rest, 'version']).then(
      () => true,
      () => false,
    )
    if (works) return words
  }
  throw new Error('there is neither docker compose nor docker-compose')
}

function copyConfig(): string {
  const folder = mkdtempSync(join(tmpdir(), 'promlet-compose-'))
  // The containers' user is another one than ours.
  chmodSync(folder, 0o755)
  cpSync(join(root, 'deploy/compose'), folder, { recursive: true })
  return folder
}

async function health(command: Compose['command']): Promise<ReadonlyMap<string, string>> {
  const ids = (await command('ps', '-q')).split('\n').filter((id) => id !== '')
  if (ids.length === 0) return new Map()
  const format =
    '{{index .Config.Labels "com.docker.compose.service"}} {{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}'
  const { stdout } = await run('docker', ['inspect', '--format', format, ...ids])
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
}
