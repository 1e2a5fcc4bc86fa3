/** Writes numbered lines into a log file that is rotated all the time. Arguments: file, name, lines. */
import { openLogFile } from '../log/log-file.ts'

const [file, name, lines] = process.argv.slice(2)
const log = openLogFile(file!, { maxBytes: 20_000, keepDays: 1, keepFiles: 10_000, lookMs: 1 })
const filler = 'x'.repeat(100)
for (let n = 0; n < Number(lines); n++) log.write(`${JSON.stringify({ name, n, filler })}\n`)
process.stdout.write(String(log.dropped))
