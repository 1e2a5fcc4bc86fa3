/** Commits snapshots one after the other until it is killed. argv: state folder. Prints a line per commit. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitSnapshot, readPointer } from '../snapshot.ts'

const stateDir = process.argv[2]!
for (;;) {
  const sequence = ((await readPointer(stateDir, 'leads.update'))?.sequence ?? 0) + 1
  const meta = {
    entity: 'leads.update',
    sequence,
    run: `r${sequence}`,
    createdAt: new Date().toISOString(),
    rows: { desired: sequence, known: 0, keyless: 0 },
    changed: 0,
    batchHash: '',
  }
  await commitSnapshot(
    stateDir,
    meta,
    async (folder) => {
      await writeFile(join(folder, 'rows.parquet'), `${sequence};`.repeat(50_000))
      await writeFile(join(folder, 'changes.parquet'), `${sequence};`.repeat(9000))
    },
    { changes: 6, bases: 3 },
  )
  console.log(sequence)
}
