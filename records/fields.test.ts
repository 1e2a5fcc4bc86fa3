/** The field table beside the tables that it is written to. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { contactFields } from './contact.ts'
import type { Field } from './kind.ts'
import { leadInboundFields } from './lead.ts'

const sources = {
  postgres: ['postgres/0003_integration.sql'],
  mysql: ['mysql/0003_integration.sql'],
  oracle: ['oracle/table_leads.sql', 'oracle/table_contatos.sql'],
}
/** Characters that any value of a whole number has at most; a longer one may not fit. */
const digits: Record<string, number> = { integer: 9, int: 9, bigint: 18, 'number(10)': 9, 'number(19)': 18 }

function widths(files: readonly string[], table: string): Map<string, number> {
  const sql = files.map((file) => readFileSync(new URL(`../sql/${file}`, import.meta.url), 'utf8')).join('\n')
  const body = new RegExp(`create table (?:if not exists )?${table} \\(\\n(.*?)\\n\\)`, 's').exec(sql)?.[1] ?? ''
  const columns = [...body.matchAll(/^ {2}(\w+) (varchar2?\((\d+)|number\(\d+\)|\w+)/gm)]
  return new Map(columns.map(([, name = '', type = '', length]) => [name.toUpperCase(), length ? Number(length) : (digits[type] ?? 0)]))
}

/** Of what the rule makes of any text, and of what is too long for it. */
function widest({ rule, longest }: Field): number {
  const cuts = rule.flatMap((step) => (step.op === 'truncate' ? [step.length] : step.op === 'oneOf' ? [1] : []))
  return Math.min(longest === undefined ? Number.POSITIVE_INFINITY : longest + 1, ...cuts)
}

describe.each(Object.entries(sources))('on %s', (_dialect, files) => {
  test.each([
    ['leads', leadInboundFields],
    ['contacts', contactFields],
  ] as const)('%s take whatever the CRM says', (table, fields) => {
    const columns = widths(files, table)
    expect(fields.filter((field) => !(widest(field) <= (columns.get(field.name) ?? 0))).map(({ name }) => name)).toEqual([])
  })
})
