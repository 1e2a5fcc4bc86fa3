/**
 * A process that does the whole bridge's work in a loop until it is killed: the victim of crash tests.
 * Its first argument is `Whereabouts` as JSON, further ones name jobs (none: all that are not manual); it announces each job on standard
 * output before it starts it.
 */
import { jobNamed, jobs } from '../catalogue.ts'
import { runJob } from '../run/run-job.ts'
import { openContext } from './bridge.ts'

const { context } = await openContext(JSON.parse(process.argv[2]!))
const named = process.argv.slice(3).map(jobNamed)
for (;;)
  for (const job of named.length > 0 ? named : jobs.filter(({ manual }) => !manual)) {
    process.stdout.write(`${job.name}\n`)
    await runJob(context, job)
  }
