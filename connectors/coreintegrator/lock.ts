/** One sync at a time on one database, whatever number of processes run. */
import { PonteError } from '../../base/error.ts'
import { socketOf } from '../mysql/socket.ts'
import { closeWhenSilent } from '../silence.ts'
import { COMMAND_MS, type Database, rowsOf } from './database.ts'

/** The server frees it when the connection ends, so a killed process leaves nothing behind. */
const NAME = "concat('coreintegrator.', md5(database()))"

/**
 * Runs `work` while holding the lock.
 *
 * @param waitMs how long to wait for another process
 * @throws PonteError `coreintegrator.busy`; what `work` throws
 */
export async function withLock<T>(database: Database, waitMs: number, work: () => Promise<T>): Promise<T> {
  const connection = await database.getConnection()
  const socket = socketOf(connection)
  try {
    closeWhenSilent(socket, waitMs)
    const [row] = await rowsOf<{ got: number | null }>(connection, `select get_lock(${NAME}, ?) as got`, [Math.ceil(waitMs / 1000)])
    if (row?.got !== 1)
      throw new PonteError('coreintegrator.busy', 'another process is syncing this database', { hint: 'try again when it has ended' })
    // It only holds the lock: the work goes over others.
    closeWhenSilent(socket, null)
    return await work()
  } finally {
    closeWhenSilent(socket, COMMAND_MS)
    await rowsOf(connection, `select release_lock(${NAME})`).then(
      () => connection.release(),
      () => connection.destroy(),
    )
  }
}
