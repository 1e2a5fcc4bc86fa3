/**
 * A process of its own that calls a server through the client under the shared quota, until it is told to stop or killed.
 * argv: server URL, database URL, limit, window ms, margin ms, requests under way at a time.
 */
import pg from 'pg'
import { postgresQuota } from './postgres-quota.ts'
import { spotter } from './spotter/spotter.ts'

const [baseUrl, databaseUrl, limit, windowMs, marginMs, concurrency] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
const quota = postgresQuota(pool, { resource: 'crm', limit: Number(limit), windowMs: Number(windowMs), marginMs: Number(marginMs) })
const crm = spotter({ baseUrl, token: 'worker', quota, concurrency: Number(concurrency) })
let stopping = false
process.on('message', () => {
  stopping = true
})

async function work(): Promise<void> {
  while (!stopping) await crm.leadById(1)
}
await Promise.all(Array.from({ length: Number(concurrency) }, work))
await crm.close()
await quota.close()
await pool.end()
process.disconnect()
