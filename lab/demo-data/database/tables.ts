import type { Table } from './table.ts'
import { clientTables } from './tables-clients.ts'
import { commerceTables } from './tables-commerce.ts'
import { mirrorTables } from './tables-mirror.ts'

/** What the demo fills, in an order that no foreign key forbids (schema: sql/postgres). */
export const tables: readonly Table[] = [...clientTables, ...commerceTables, ...mirrorTables]
