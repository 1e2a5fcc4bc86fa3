import { openPostgres } from '../testing/demo-harness.ts'
import { testEdits } from './edits.contract.ts'

testEdits('PostgreSQL', openPostgres)
