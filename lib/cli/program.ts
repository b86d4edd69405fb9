import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { convertCommand } from './commands/convert.ts'
import { demoCommand } from './commands/demo.ts'
import { emulatorCommand } from './commands/emulator.ts'
import { getCommand } from './commands/get.ts'
import { inspectCommand } from './commands/inspect.ts'
import { putCommand } from './commands/put.ts'

/** The whole command line. Usage errors are thrown, so that the exit code is ours: 0 done, 1 failed, 2 wrong usage. */
export function makeProgram(): Command {
  const program = new Command('getmedia')
    .description("Amazon Kinesis Video Streams' GetMedia: every frame once, in order, with its time.")
    .version(version(), '-V, --version')
    .showHelpAfterError('(getmedia --help tells more)')
  for (const command of [
    getCommand(),
    inspectCommand(),
    convertCommand(),
    putCommand(),
    emulatorCommand(),
    demoCommand(),
  ])
    program.addCommand(command)
  for (const command of [program, ...program.commands]) command.exitOverride()
  return program
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}
