/** Tables that do not grow with the number of branches. */
import type { Cell } from '../../engine/model.ts'
import type { Settings } from './options.ts'
import { salesReps } from './records/sales-reps.ts'
import { municipalities } from './words/municipalities.ts'
import { sectors, UNKNOWN_SECTOR } from './words/sectors.ts'
import { states } from './words/states.ts'
import { jobTitles } from './words/vocabulary.ts'

export interface ReferenceTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

const countries = [
  ['BR', 'BRASIL'],
  ['AR', 'ARGENTINA'],
  ['PY', 'PARAGUAI'],
  ['UY', 'URUGUAI'],
]

/** Names in capitals, as the ERP has them: the views turn them into title case. */
export const referenceTables = (settings: Settings): readonly ReferenceTable[] => [
  { name: 'countries', columns: ['code', 'name'], rows: countries },
  { name: 'states', columns: ['code', 'name'], rows: states.map(({ code, name }) => [code, name.toUpperCase()]) },
  {
    name: 'cities',
    columns: ['id', 'city_code', 'city_name', 'state_code', 'country_code'],
    rows: municipalities.map(({ code, name, state }, place) => [String(place + 1), String(code), name.toUpperCase(), state, 'BR']),
  },
  {
    name: 'industries',
    columns: ['industry', 'description'],
    rows: [UNKNOWN_SECTOR, ...sectors].map(({ code, description }) => [String(code), description]),
  },
  { name: 'sales_reps', columns: ['code', 'email'], rows: salesReps(settings.seed).map(({ code, email }) => [String(code), email]) },
  {
    name: 'contact_job_titles',
    columns: ['job_title_code', 'title'],
    rows: jobTitles.map((title, place) => [String(place + 1), title]),
  },
]
