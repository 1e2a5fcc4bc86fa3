/** What a command shows: lines and bars for people, one JSON document for machines. Nothing here decides anything. */
import cliProgress from 'cli-progress'
import { PonteError } from '../base/error.ts'

export interface Output {
  readonly json: boolean
  /** A line for people; silent with --json. */
  say(line?: string): void
  /** The one document of --json; silent otherwise. */
  result(document: unknown): void
  /** A bar on a terminal; quiet elsewhere. */
  bar(title: string): Bar
}
export interface Bar {
  update(done: number, total?: number): void
  stop(): void
}

export function createOutput(json: boolean): Output {
  return {
    json,
    say: (line = '') => {
      if (!json) process.stdout.write(`${line}\n`)
    },
    result: (document) => {
      if (json) process.stdout.write(`${JSON.stringify(document)}\n`)
    },
    bar: (title) => (json || !process.stderr.isTTY ? { update() {}, stop() {} } : terminalBar(title)),
  }
}

function terminalBar(title: string): Bar {
  const bar = new cliProgress.SingleBar({
    format: `  ${title.padEnd(28)} {bar} {value}/{total} {eta_formatted}`,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  let started = false
  return {
    update(done, total) {
      const end = Math.max(total ?? done, done, 1)
      if (!started) bar.start(end, done)
      else bar.setTotal(end)
      started = true
      bar.update(done)
    },
    stop() {
      if (started) bar.stop()
    },
  }
}

/** Prints an error for the person (or machine) in front and returns the exit code. Stacks go to the log, not to the screen. */
export function report(error: unknown, json: boolean): number {
  const known = error instanceof PonteError
  const code = known ? error.code : 'unexpected'
  const message = error instanceof Error ? error.message : String(error)
  const hint = known ? error.hint : 'This is a defect of Ponte: please report it, with the command you ran.'
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message, hint } })}\n`)
  else process.stderr.write(`\nponte: ${message}\n  → ${hint}\n`)
  if (!known && error instanceof Error && process.env.PONTE_DEBUG) process.stderr.write(`${error.stack}\n`)
  return known ? error.exitCode : 1
}

/** Columns aligned for a terminal. Numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const all = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(all[0]!), widths.map((width) => '─'.repeat(width)).join('  '), ...all.slice(1).map(line)]
    .map((text) => `  ${text}`)
    .join('\n')
}

export const seconds = (ms: number): string => (ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms))

export function duration(ms: number): string {
  const total = Math.ceil(ms / 1000)
  const [h, m, s] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60]
  return h > 0 ? `${h} h ${String(m).padStart(2, '0')} min` : m > 0 ? `${m} min ${String(s).padStart(2, '0')} s` : `${s} s`
}
