/** The one transaction on a lent client, for every room that speaks to PostgreSQL. */
import type pg from 'pg'

const ignore = () => {}

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. @throws what pg and `work` throw */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken = true
  // When the server goes away the query under way fails, and that is told; without a listener the same news would end the process.
  client.on('error', ignore)
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    broken = false
    return result
  } catch (error) {
    broken = !(await client.query('rollback').then(
      () => true,
      () => false,
    ))
    throw error
  } finally {
    client.removeListener('error', ignore)
    client.release(broken)
  }
}
