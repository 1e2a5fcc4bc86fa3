/**
 * A restore whose process dies at one of its steps: the victim of jobs/keep/restore-kill.test.ts. Arguments: what `restore` is given as JSON, and
 * a pattern; it dies before the first step on a disk, or statement on the state database, that the pattern fits: `rename /path`.
 */
import pg from 'pg'
import { openDisk } from '../../base/files/atomic-file.ts'
import { restore } from '../keep/restore.ts'

const [given, pattern] = process.argv.slice(2) as [string, string]
const { file, identity, stateUrl, queueRoot, stateDir } = JSON.parse(given) as Record<
  'file' | 'identity' | 'stateUrl' | 'queueRoot' | 'stateDir',
  string
>
const at = new RegExp(pattern)
const dieAt = (step: string) => {
  if (at.test(step)) process.kill(process.pid, 'SIGKILL')
}

const state = new pg.Pool({ connectionString: stateUrl, max: 2 })
const ask = state.query.bind(state) as (...args: unknown[]) => unknown
Object.assign(state, {
  query: (...args: [text: string]) => {
    dieAt(`query ${args[0]}`)
    return ask(...args)
  },
})
const disk = openDisk({ room: 'restore', onStep: (op, path) => dieAt(`${op} ${path}`) })
await restore(file, identity, { state, queueRoot, stateDir, disk }, true)
console.log('came to its end')
process.exit(0)
