import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort, type Running, run, untilOk } from '../../e2e/peer.ts'

const root = resolve(import.meta.dirname, '../..')

/** Where each part of the demo listens: its usual port where that is free. */
export interface Ports {
  readonly promlet: number
  readonly pushgateway: number
  readonly shop: number
  readonly pipeline: number
}

/** Promlet and the example services as child processes, with a folder that is removed at the end. */
export class DemoStack implements AsyncDisposable {
  /** Rejects when a child ends on its own. */
  readonly broken: Promise<never>
  readonly #folder = mkdtempSync(join(tmpdir(), 'promlet-demo-'))
  readonly #children: Running[] = []
  #stopping = false
  #break: (reason: Error) => void = () => {}

  constructor() {
    this.broken = new Promise((_, reject) => {
      this.#break = reject
    })
    this.broken.catch(() => {})
  }

  /** Starts everything; resolves with where it listens when all of it answers. */
  async start(): Promise<Ports> {
    const ports = {
      promlet: await portFor(9090),
      pushgateway: await portFor(9091),
      shop: await portFor(8080),
      pipeline: await portFor(8081),
    }
    const config = join(this.#folder, 'prometheus.yml')
    writeFileSync(config, configFor(ports))
    this.#run('promlet', join(root, 'bin/promlet'), [
      'serve',
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(this.#folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${ports.promlet}`,
      `--pushgateway.web.listen-address=127.0.0.1:${ports.pushgateway}`,
      '--web.enable-lifecycle',
      '--log.level=warn',
    ])
    this.#example('online-service', { LISTEN: `127.0.0.1:${ports.shop}` })
    this.#example('pipeline', { LISTEN: `127.0.0.1:${ports.pipeline}` })
    await Promise.all([
      untilOk(`http://127.0.0.1:${ports.promlet}/-/ready`),
      untilOk(`http://127.0.0.1:${ports.pushgateway}/-/ready`),
      untilOk(`http://127.0.0.1:${ports.shop}/healthy`),
      untilOk(`http://127.0.0.1:${ports.pipeline}/healthy`),
    ])
    this.#example('batch-job', { PUSHGATEWAY_URL: `http://127.0.0.1:${ports.pushgateway}`, RUN_EVERY_SECONDS: '10' })
    return ports
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#children.map((child) => child.stop()))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #example(name: string, settings: NodeJS.ProcessEnv): void {
    this.#run(name, process.execPath, [join(root, 'examples', name, 'src/main.ts')], settings)
  }

  #run(name: string, program: string, args: readonly string[], settings: NodeJS.ProcessEnv = {}): void {
    if (this.#stopping) return
    // A process group of its own: Ctrl-C is for the demo, which then stops its children one time and in order.
    const child = run(program, args, { env: { ...process.env, ...settings }, detached: true })
    this.#children.push(child)
    child.process.once('close', (code, signal) => {
      if (!this.#stopping) this.#break(new Error(`${name} ended with ${code ?? signal}:\n${child.output()}`))
    })
  }
}

/** The usual port, or another free one when somebody else has it. */
function portFor(usual: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', () => freePort().then(resolve, reject))
    probe.listen(usual, '127.0.0.1', () => probe.close(() => resolve(usual)))
  })
}

function configFor({ promlet, pushgateway, shop, pipeline }: Ports): string {
  const job = (name: string, port: number, more = '') =>
    `  - job_name: ${name}\n${more}    static_configs:\n      - targets: ['127.0.0.1:${port}']\n`
  return `global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files:
  - ${JSON.stringify(join(root, 'rules/*.yml'))}
scrape_configs:
${job('online-service', shop)}${job('pipeline', pipeline)}${job('promlet', promlet)}${job('pushgateway', pushgateway, '    honor_labels: true\n')}`
}
