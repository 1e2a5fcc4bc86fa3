/**
 * What a command shows: lines and bars for people, one JSON document for machines. Nothing here decides anything, and nothing that came from
 * outside reaches a terminal as more than text: everything passes here.
 */
import { PonteError } from '../base/error.ts'
import { visible, visibleJson, visibleValue } from '../base/visible.ts'
import { sentence, whatHappened } from '../jobs/run/error-text.ts'
import { type Bar, openBar } from './bar.ts'

export interface Output {
  readonly json: boolean
  /** A line for people, the command's result; silent with --json. */
  say(line?: string): void
  /** A line for people on standard error: what goes on, or went wrong. */
  note(line: string): void
  /** The document of --json; silent otherwise. The last one counts: a command that fails after all says so. Written by `end`, once. */
  result(document: object): void
  /** A bar on a terminal; quiet elsewhere. */
  bar(title: string): Bar
  /** Writes the document and takes bars off the screen. A command that goes on for long calls it early; later calls do nothing. */
  end(): void
}

export function createOutput(json: boolean): Output {
  let document: object = { ok: true }
  let ended = false
  let open: Bar | null = null
  /** A bar that is left on the screen hides the cursor and keeps the process alive. */
  const clear = () => {
    open?.stop()
    open = null
  }
  return {
    json,
    say(line = '') {
      clear()
      if (!json) process.stdout.write(`${fitted(line, process.stdout)}\n`)
    },
    note(line) {
      clear()
      if (!json) process.stderr.write(`${fitted(line, process.stderr)}\n`)
    },
    result(given) {
      document = given
    },
    bar(title) {
      clear()
      open = openBar(visibleValue(title), !json)
      return open
    },
    end() {
      clear()
      if (json && !ended) process.stdout.write(`${visibleJson(JSON.stringify(document))}\n`)
      ended = true
    },
  }
}

/** Shows an error to the person (or machine) in front and returns the exit code. Stacks go to the log, not to the screen. */
export function report(error: unknown, output: Output, logFile: string | null): number {
  const known = error instanceof PonteError
  const code = known ? error.code : 'unexpected'
  const message = whatHappened(error)
  const log = logFile === null ? 'the log' : logFile
  const hint = sentence(known ? error.hint : `this is a defect of Ponte: please report it with the command you ran and the end of ${log}`)
  output.result({ ok: false, error: { code, message, hint } })
  output.note(`\nponte: ${message}\n  → ${hint}`)
  return known ? error.exitCode : 1
}

/** On a terminal, long lines end between words and go on under their first one; elsewhere they stay whole, for grep. A pipe may end at a terminal too. */
function fitted(given: string, { isTTY, columns = 80 }: { readonly isTTY?: boolean; readonly columns?: number }): string {
  const text = visible(given)
  if (!isTTY) return text
  return text
    .split('\n')
    .map((line) => wrap(line, Math.max(40, columns - 1)))
    .join('\n')
}

function wrap(line: string, width: number): string {
  const indent = ' '.repeat(/^ *(→ )?/.exec(line)![0].length)
  const lines: string[] = []
  let rest = line
  while (rest.length > width) {
    const end = rest.lastIndexOf(' ', width)
    if (end <= indent.length) break
    lines.push(rest.slice(0, end))
    rest = indent + rest.slice(end + 1)
  }
  return [...lines, rest].join('\n')
}

/** Columns aligned for a terminal, numbers to the right. Columns named in `onlyIf` are left out when all their cells are 0. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[], onlyIf: readonly string[] = []): string {
  const kept = head.map((_, i) => i).filter((i) => !onlyIf.includes(head[i]!) || rows.some((row) => row[i] !== 0))
  const all = [head, ...rows].map((row) => kept.map((i) => visibleValue(String(row[i] ?? ''))))
  const widths = kept.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const numeric = kept.map((i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number' || row[i] === ''))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(all[0]!), widths.map((width) => '─'.repeat(width)).join('  '), ...all.slice(1).map(line)]
    .map((text) => `  ${text}`)
    .join('\n')
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

export const seconds = (ms: number): string => (ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms))

export function duration(ms: number): string {
  const total = Math.ceil(ms / 1000)
  const [h, m, s] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60]
  return h > 0 ? `${h} h ${String(m).padStart(2, '0')} min` : m > 0 ? `${m} min ${String(s).padStart(2, '0')} s` : `${s} s`
}
