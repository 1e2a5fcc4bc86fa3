import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { createServer } from 'node:net'
import { PonteError } from '../../../../base/error.ts'

/**
 * Keeps a second simulator out of a data folder: holds a Linux abstract socket named after the folder, which the kernel
 * frees whatever way the process ends, so nothing stale remains after SIGKILL. Elsewhere than on Linux it guards nothing.
 * Resolves to the way to let go. Throws PonteError `simulators.folder_in_use`.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  if (process.platform !== 'linux') return async () => {}
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 40)
  const socket = createServer((connection) => connection.destroy())
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (cause) => {
      reject(
        new PonteError('simulators.folder_in_use', `another simulator works in ${folder}`, {
          hint: 'Stop it, or give this one a data folder of its own.',
          exitCode: 2,
          cause,
        }),
      )
    })
    socket.listen(`\0ponte-crm-simulator-${name}`, resolve)
  })
  return () => new Promise((resolve) => socket.close(() => resolve()))
}
