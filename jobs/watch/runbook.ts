/** The runbook's sections, for whoever shows an alert: the file is written once, and read where it is needed. */
import { existsSync, readFileSync } from 'node:fs'

/** `You see`, `It means`, `Do`, `It is over when` (deploy/RUNBOOK.md). Text in Markdown: `code` and links. */
export interface RunbookPart {
  readonly title: string
  readonly text: string
}

const file = new URL('../../deploy/RUNBOOK.md', import.meta.url)
let sections: Map<string, readonly RunbookPart[]> | undefined

/** What the runbook says of an alert; empty: it does not know it, or is not there, for which no page with alerts may fail. */
export function runbookSection(code: string): readonly RunbookPart[] {
  sections ??= existsSync(file) ? read(readFileSync(file, 'utf8')) : new Map()
  return sections.get(code) ?? []
}

function read(text: string): Map<string, readonly RunbookPart[]> {
  const [, ...found] = text.split(/^## /m)
  return new Map(found.map((section) => [section.slice(0, section.indexOf('\n')).trim(), partsOf(section)]))
}

const partsOf = (section: string): RunbookPart[] =>
  [...section.matchAll(/^\*\*(.+?)\*\* ([\s\S]*?)(?=^\*\*|$(?![\s\S]))/gm)].map(([, title, text]) => ({
    title: title!,
    text: text!.trim().replace(/\s*\n\s*/g, ' '),
  }))
