import type { Cell } from '../../../engine/model.ts'
import type { Settings } from '../options.ts'
import type { Client } from '../records/client.ts'

export interface Table {
  readonly name: string
  readonly columns: readonly string[]
  rows(client: Client, settings: Settings): Generator<Cell[]>
}

export const textOf = (value: number | null): Cell => (value === null ? null : String(value))

/** Names between blanks. */
export const columnsOf = (text: string): readonly string[] => text.trim().split(/\s+/)

/** `name=value` between blanks: columns that hold the same in every row. */
export const constantsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(columnsOf(text).map((pair) => pair.split('=') as [string, string]))
