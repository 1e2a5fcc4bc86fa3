/**
 * A process that does the whole bridge's work in a loop until it is killed: the victim of crash tests.
 * Its argument is `Whereabouts` as JSON; it announces each job on standard output before it starts it.
 */
import { jobs } from '../catalogue.ts'
import { runJob } from '../run-job.ts'
import { openContext } from './bridge.ts'

const { context } = await openContext(JSON.parse(process.argv[2]!))
for (;;)
  for (const job of jobs.filter(({ manual }) => !manual)) {
    process.stdout.write(`${job.name}\n`)
    await runJob(context, job)
  }
