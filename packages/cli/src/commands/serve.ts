import { flushCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { ConfigError } from '@promlet/config'
import { systemClock } from '@promlet/model'
import { COMPONENTS, readFeatureFlags, type Stack, type StackSettings, startStack } from '@promlet/server'
import { createLogger, type LogFormat, type Logger, type LogLevel } from '@promlet/telemetry'
import { type Command, CommandError, print } from '../command.ts'
import { describeFlags, type Flag } from '../flags.ts'
import { prefixedPushgatewayFlags, prometheusFlags, pushgatewayFlags } from '../serve-flags.ts'
import { isPushgatewayAlone, readComponents, readServeCommand } from '../serve-settings.ts'
import { listenToSignals } from '../signals.ts'

const introduction = `Usage: promlet serve [COMPONENT …] [flags]

Runs components of the stack in this process: ${COMPONENTS.join(', ')}; none named means all.
A component that needs another one which is not here reaches it by Prometheus's protocols: the scraper and the
rule engine send to the remote_write of the configuration file, and the rule engine asks --query.url.
SIGHUP, or POST /-/reload with --web.enable-lifecycle, reads the configuration again. SIGTERM and Ctrl-C stop it.`

function help(args: readonly string[]): string {
  const components = readComponents(args)
  const list = (title: string, flags: readonly Flag[]) => `\n\n${title}:\n${describeFlags(flags.filter(({ inert }) => inert !== true))}`
  if (isPushgatewayAlone(components)) return introduction + list("Flags, with Pushgateway's names and meaning", pushgatewayFlags)
  const gateway = list("The Pushgateway's flags, without the prefix when it runs alone", prefixedPushgatewayFlags)
  return introduction + list("Flags, with Prometheus's names and meaning", prometheusFlags) + (components.has('pushgateway') ? gateway : '')
}

export const serve: Command = {
  help,
  async run(args) {
    const { settings, flags } = readServeCommand(args)
    const logger = createLogger({ level: level(flags.text('log.level')), format: format(flags.text('log.format')) })
    for (const name of flags.inert) logger.info({ flag: `--${name}` }, 'Flag has no meaning here')
    const { inert, unknown } = readFeatureFlags(settings.features)
    for (const option of inert) logger.info({ option }, 'Option for --enable-feature has no meaning here')
    for (const option of unknown) logger.warn({ option }, 'Unknown option for --enable-feature')
    const started = start(settings, logger, (reason) => signals.stop(reason))
    // Not later: signals that come while it starts are kept until they can be obeyed.
    const signals = listenToSignals(() => void started.then((stack) => stack.reload()).catch(() => {}))
    const stack = await started
    compileSooner()
    const { url, pushgatewayUrl } = stack
    // A line of the log where a program reads it, a few words where a person does.
    if (flags.text('log.format') === 'json')
      logger.info({ components: [...settings.components], url, pushgatewayUrl }, 'Promlet is running')
    else print(whereToLook(stack, settings))
    const reason = await signals.stopped
    logger.info({ reason }, 'Stopping')
    await stack.close()
    logger.info('Stopped')
    // Idle keep-alive sockets of clients would hold the process for a while.
    process.exit(0)
  },
}

async function start(settings: StackSettings, logger: Logger, stop: (reason: string) => void): Promise<Stack> {
  try {
    return await startStack(settings, { clock: systemClock, logger, onQuit: () => stop('quit request') })
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(`the configuration cannot be used:\n${error.message}`, { cause: error })
    throw error
  }
}

/**
 * V8 compiles what was called 400 times, and 500 times since it last met something new: at a scrape a second that takes
 * minutes, and 60 times tell as much. Only after the start, which would compile too much; and what was compiled until then
 * is written to Node's cache before, whose entries hold for the flags of their time.
 */
function compileSooner(): void {
  flushCompileCache()
  setFlagsFromString('--invocation-count-for-maglev=60')
  setFlagsFromString('--minimum-invocations-after-ic-update=60')
}

function whereToLook({ url, pushgatewayUrl }: Stack, { components }: StackSettings): string {
  const lines = [`Promlet is running: ${components.size === COMPONENTS.length ? 'all components' : [...components].join(', ')}.`]
  if (url !== undefined) lines.push(`  page and API  ${url}`)
  if (pushgatewayUrl !== undefined) lines.push(`  Pushgateway   ${pushgatewayUrl}`)
  return lines.join('\n')
}

function level(text: string): LogLevel {
  if (text === 'debug' || text === 'info' || text === 'warn' || text === 'error') return text
  throw new CommandError(`--log.level: expected debug, info, warn or error, found "${text}"`)
}

function format(text: string): LogFormat {
  if (text === 'logfmt' || text === 'json') return text
  throw new CommandError(`--log.format: expected logfmt or json, found "${text}"`)
}
