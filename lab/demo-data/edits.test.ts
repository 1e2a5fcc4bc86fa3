import { openPostgres } from './demo-harness.ts'
import { testEdits } from './edits.contract.ts'

testEdits('PostgreSQL', openPostgres)
