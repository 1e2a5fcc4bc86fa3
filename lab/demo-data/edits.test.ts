import { testEdits } from './edits.contract.ts'
import { openPostgres } from './testing/demo-harness.ts'

testEdits('PostgreSQL', openPostgres)
