/** A process that does the whole bridge's work in a loop until it is killed: the victim of crash tests. Its one argument is `Whereabouts` as JSON. */
import { jobs } from '../catalogue.ts'
import { runJob } from '../run-job.ts'
import { openContext } from './bridge.ts'

const { context } = await openContext(JSON.parse(process.argv[2]!))
process.stdout.write('ready\n')
for (;;) for (const job of jobs) await runJob(context, job)
