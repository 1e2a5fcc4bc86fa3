/** `npm run prove`: what may go wrong is done to a real installation, and every event is counted. `--help` says how. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { seeded } from '../../base/testing/random.ts'
import { openCluster } from './databases.ts'
import type { Check, Experiment, ExperimentContext, Figures } from './experiment.ts'
import { experiments } from './experiments/all.ts'
import { killAll } from './programs.ts'

const help = `npm run prove [-- options]

Does to a real installation what may go wrong - kills, full and failing disks, lost answers, storms, dead networks, wrong clocks - and
counts every event: how many went in, came out, were doubled or lost. All parts are real processes; only the CRM is a simulated one, whose log
is the judge. About 20 minutes on two cores. What this machine cannot do is named, with the tool that would make it possible.

  --only N[,N]   these experiments; default all
  --long         the full counts: hours
  --seed N       the same random choices again; each run prints its seed
  --json         one JSON document on standard output, the rest on standard error
  --keep         leaves the folders of failed experiments for a look
  --main FILE    the compiled command to try; default dist/cli/main.js
  --help

Examples:
  npm run prove
  npm run prove -- --only 1,6
  npm run prove -- --long --only 19        # 8 hours
  npm run -s prove -- --json > report.json

Exit codes: 0 all that ran passed, 1 one failed, 2 wrong usage.

${experiments.map(({ number, title }) => `  ${String(number).padStart(2)}  ${title}`).join('\n')}
`

interface Report extends Figures {
  readonly number: number
  readonly title: string
  readonly status: 'passed' | 'failed' | 'left out'
  readonly seconds: number
  readonly did: string
  readonly checks: readonly Check[]
  readonly leftOut: readonly string[]
}

const nothing: Figures = { in: 0, out: 0, doubled: 0, lost: 0 }

function usage(message: string): never {
  process.stderr.write(`${message}\nnpm run prove -- --help says how.\n`)
  process.exit(2)
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        ...{ only: { type: 'string' }, seed: { type: 'string' }, main: { type: 'string' } },
        ...{ long: { type: 'boolean' }, json: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } },
      } as const,
    })
    return values
  } catch (error) {
    return usage((error as Error).message)
  }
}

function chosen(only: string | undefined): readonly Experiment[] {
  if (only === undefined) return experiments
  return only
    .split(',')
    .map((text) => experiments.find(({ number }) => String(number) === text.trim()) ?? usage(`There is no experiment "${text}".`))
}

const options = readOptions()
if (options.help) {
  process.stdout.write(help)
  process.exit(0)
}
const selected = chosen(options.only)
const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31))
if (!Number.isSafeInteger(seed) || seed < 0) usage('--seed takes a whole number')
const main = resolve(options.main ?? new URL('../../dist/cli/main.js', import.meta.url).pathname)
const say = (text: string) => void (options.json ? process.stderr : process.stdout).write(`${text}\n`)

const folder = mkdtempSync(join(tmpdir(), 'ponte-prove-'))
// Run by root, the database lives under an account that must come through here.
chmodSync(folder, 0o711)
let isKept = false
/** Rejects when the command is told to stop, once or oftener: what runs is cleaned up as after a failure. */
const stopped = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => reject(new Error(`stopped by ${signal}`)))
})
let isStopped = false
stopped.catch(() => {
  isStopped = true
})

say(`Ponte, ${selected.length} experiments, seed ${seed}${options.long ? ', full counts' : ''}`)
const cluster = await openCluster(join(folder, 'cluster'), main)
const reports: Report[] = []
try {
  for (const experiment of selected) {
    const report = await perform(experiment)
    reports.push(report)
    tell(report)
    if (isStopped) break
  }
} finally {
  killAll()
  await cluster.stop()
  if (!isKept) rmSync(folder, { recursive: true, force: true })
}

const failed = reports.filter(({ status }) => status === 'failed')
const ran = reports.filter(({ status }) => status !== 'left out')
say(`\n${ran.length - failed.length} passed, ${failed.length} failed, ${reports.length - ran.length} left out`)
if (isKept) say(`Kept for a look: ${folder}`)
if (options.json) {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  const machine = { node: process.version, platform: process.platform, cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30) }
  const document = { ok: failed.length === 0, version, seed, long: options.long ?? false, machine, experiments: reports }
  process.stdout.write(`${JSON.stringify(document)}\n`)
}
process.exitCode = failed.length === 0 ? 0 : 1
// What was left in the middle would go on.
if (isStopped) process.exit()

async function perform(experiment: Experiment): Promise<Report> {
  const { number, title } = experiment
  const missing = experiment.needs.map((need) => need()).filter((why) => why !== null)
  if (missing.length > 0) return { ...nothing, number, title, status: 'left out', seconds: 0, did: '', checks: [], leftOut: missing }
  const own = join(folder, String(number))
  mkdirSync(own)
  const [checks, leftOut, ends]: [Check[], string[], (() => unknown)[]] = [[], [], []]
  const context: ExperimentContext = {
    ...{ folder: own, main, cluster, seed, random: seeded(seed + number), long: options.long ?? false },
    check: (name, ok, saw) => checks.push({ name, ok, saw }),
    leaveOut: (part, why) => leftOut.push(`${part}: ${why}`),
    onEnd: (clean) => ends.unshift(clean),
  }
  const started = performance.now()
  let outcome = { ...nothing, did: '' }
  try {
    outcome = await Promise.race([experiment.run(context), stopped])
  } catch (error) {
    checks.push({ name: 'it came to its end', ok: false, saw: (error as Error).stack ?? String(error) })
  }
  for (const clean of ends) {
    try {
      await clean()
    } catch (error) {
      checks.push({ name: 'its traces were removed', ok: false, saw: String(error) })
    }
  }
  const { in: fed, out, doubled, lost } = outcome
  const isFine = fed > 0 && out === fed && doubled === 0 && lost === 0 && checks.every(({ ok }) => ok)
  if (!isFine && options.keep) isKept = true
  else rmSync(own, { recursive: true, force: true })
  const seconds = Math.round((performance.now() - started) / 100) / 10
  return { number, title, status: isFine ? 'passed' : 'failed', ...outcome, seconds, checks, leftOut }
}

function tell({ number, title, status, seconds, did, checks, leftOut, ...figures }: Report): void {
  say(`\n${String(number).padStart(2)}  ${title}: ${status.toUpperCase()}${status === 'left out' ? '' : ` in ${seconds} s`}`)
  if (status !== 'left out') say(`    ${figures.in} in, ${figures.out} out, ${figures.doubled} doubled, ${figures.lost} lost`)
  if (did !== '') say(`    ${did}`)
  for (const { name, saw } of checks.filter(({ ok }) => !ok).slice(0, 10)) say(`    NOT: ${name} (${saw})`)
  for (const line of leftOut) say(`    LEFT OUT: ${line}`)
}
