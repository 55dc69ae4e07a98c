import { ConfigError } from '@promlet/config'
import { systemClock } from '@promlet/model'
import { COMPONENTS, type Stack, type StackSettings, startStack } from '@promlet/server'
import { createLogger, type LogFormat, type Logger, type LogLevel } from '@promlet/telemetry'
import { type Command, CommandError, print } from '../command.ts'
import { describeFlags } from '../flags.ts'
import { prefixedPushgatewayFlags, prometheusFlags } from '../serve-flags.ts'
import { readServeCommand } from '../serve-settings.ts'
import { untilStopped } from '../signals.ts'

const help = `Usage: promlet serve [COMPONENT …] [flags]

Runs components of the stack in this process: ${COMPONENTS.join(', ')}; none named means all.
A component that needs another one which is not here reaches it by Prometheus's protocols: the scraper and the
rule engine send to the remote_write of the configuration file, and the rule engine asks --query.url.
SIGHUP, or POST /-/reload with --web.enable-lifecycle, reads the configuration again.

Flags, with Prometheus's names and meaning:
${describeFlags(prometheusFlags.filter(({ inert }) => inert !== true))}

The Pushgateway's flags, without the prefix when it runs alone:
${describeFlags(prefixedPushgatewayFlags)}
`

export const serve: Command = {
  summary: 'Runs the stack, or some of its components.',
  help,
  async run(args) {
    const { settings, flags } = readServeCommand(args)
    const logger = createLogger({ level: level(flags.text('log.level')), format: format(flags.text('log.format')) })
    for (const name of flags.inert) logger.info({ flag: `--${name}` }, 'Flag has no meaning here')
    let quit = () => {}
    const asked = new Promise<void>((resolve) => {
      quit = resolve
    })
    const stack = await start(settings, logger, quit)
    announce(stack, settings)
    const reload = () => void stack.reload().catch(() => {})
    const signal = await Promise.race([untilStopped(reload), asked])
    logger.info({ signal: signal ?? 'quit request' }, 'Stopping')
    await stack.close()
    logger.info('Stopped')
    // Idle keep-alive sockets of clients would hold the process for a while.
    process.exit(0)
  },
}

async function start(settings: StackSettings, logger: Logger, onQuit: () => void): Promise<Stack> {
  try {
    return await startStack(settings, { clock: systemClock, logger, onQuit })
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(`the configuration cannot be used:\n${error.message}`, { cause: error })
    // What the packages throw on purpose has a code and one clear sentence; all else is a bug and shows its stack.
    if (error instanceof Error && 'code' in error) throw new CommandError(error.message, { cause: error })
    throw error
  }
}

function announce(stack: Stack, { components }: StackSettings): void {
  const names = components.size === COMPONENTS.length ? 'all components' : [...components].join(', ')
  const lines = [`Promlet is running: ${names}.`]
  if (stack.url !== undefined) lines.push(`  page and API  ${stack.url}`)
  if (stack.pushgatewayUrl !== undefined) lines.push(`  Pushgateway   ${stack.pushgatewayUrl}`)
  print(lines.join('\n'))
}

function level(text: string): LogLevel {
  if (text === 'debug' || text === 'info' || text === 'warn' || text === 'error') return text
  throw new CommandError(`--log.level: expected debug, info, warn or error, found "${text}"`)
}

function format(text: string): LogFormat {
  if (text === 'logfmt' || text === 'json') return text
  throw new CommandError(`--log.format: expected logfmt or json, found "${text}"`)
}
