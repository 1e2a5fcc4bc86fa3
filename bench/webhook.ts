/**
 * `npm run bench:webhook [-- --seconds 5 --rounds 3 --connections 64 --json]`
 *
 * Webhooks per second with everything on (token, signature, validation, repeats, a durable letter on this disk), against
 * Hono's hello world on the same node-server, each side in a process of its own, by turns, load in a third; each side's
 * fastest round counts. `ratio` is ours / hello world's, higher is better. Then the server is killed (SIGKILL) under load
 * and every acknowledged event is looked for on the disk: one that is lost ends the bench with exit code 1.
 */
import { execFile, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { serveApi } from '../api/testing/served.ts'
import { startEmbedded } from '../connectors/erp/embedded.ts'
import { openState } from '../connectors/state/pool.ts'
import { killUnderLoad } from './webhook/kill.ts'
import type { Load, Result } from './webhook/load.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
})
const [seconds, rounds, connections] = [values.seconds, values.rounds, values.connections].map(Number) as [number, number, number]
if (![seconds, rounds, connections].every((value) => Number.isSafeInteger(value) && value >= 1)) {
  console.error('--seconds, --rounds and --connections take whole numbers from 1')
  process.exit(2)
}

interface Ours extends Result {
  /** Files and directories together. */
  readonly fsyncsPerSecond: number
  readonly directorySyncsPerSecond: number
  readonly cpuMicrosecondsPerEvent: number
}

const token = randomBytes(32).toString('base64url')
const secret = `whsec_${randomBytes(32).toString('base64')}`
// On the disk that a queue would lie on: a folder for temporary files may be memory.
await mkdir(resolve('data'), { recursive: true })
const folder = await mkdtemp(resolve('data', 'bench-webhook-'))
const server = await startEmbedded({ dataDir: resolve('data', 'bench-webhook', 'postgres'), databases: ['ponte_state'] })
try {
  const stateUrl = server.url('ponte_state')
  const state = await openState(stateUrl, 1)
  await state.query('truncate webhook_ids, webhook_latest')
  await state.end()
  let firstLead = 1

  const hello: Result[] = []
  const ours: Ours[] = []
  for (let round = 0; round < rounds; round += 1) {
    hello.push(await measureHello())
    const measured = await measureOurs(stateUrl, join(folder, `round-${round}`), firstLead)
    firstLead += 10_000_000
    ours.push(measured)
  }
  const served = await serve(stateUrl, join(folder, 'killed'))
  const killed = await killUnderLoad(served, { queueRoot: join(folder, 'killed'), token, secret, connections, ms: 2_000, firstLead })

  const [best, floor] = [fastest(ours), fastest(hello)]
  const document = {
    ratio: best.perSecond / floor.perSecond,
    connections,
    webhook: best,
    hello: floor,
    killed,
    rounds: { webhook: ours, hello },
  }
  if (values.json) console.log(JSON.stringify(document))
  else print(document)
  if (killed.lost + killed.torn > 0 || best.refused > 0) process.exitCode = 1
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}

function serve(stateUrl: string, queueRoot: string) {
  return serveApi({ queueRoot, stateUrl, logFile: join(folder, 'ponte.log'), token, settings: { webhookSecrets: [secret] } })
}

async function measureOurs(stateUrl: string, queueRoot: string, firstLead: number): Promise<Ours> {
  const api = await serve(stateUrl, queueRoot)
  const url = `${api.url}/atualizalead`
  await load({ url, seconds: 1, connections, events: { token, secret, firstLead: firstLead + 5_000_000 } })
  const before = await api.figures()
  const result = await load({ url, seconds, connections, events: { token, secret, firstLead } })
  const after = await api.figures()
  await api.stop()
  const directories = after.directorySyncs - before.directorySyncs
  return {
    ...result,
    fsyncsPerSecond: (after.fileSyncs - before.fileSyncs + directories) / seconds,
    directorySyncsPerSecond: directories / seconds,
    cpuMicrosecondsPerEvent: ((after.cpuMs - before.cpuMs) * 1000) / result.answered,
  }
}

async function measureHello(): Promise<Result> {
  const child = fork(fileURLToPath(new URL('./webhook/hello.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] })
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  await load({ url, seconds: 1, connections, events: null })
  const result = await load({ url, seconds, connections, events: null })
  const gone = once(child, 'exit')
  child.kill()
  await gone
  return result
}

async function load(what: Load): Promise<Result> {
  const file = fileURLToPath(new URL('./webhook/load.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file, JSON.stringify(what)], { maxBuffer: 1 << 24 })
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result
}

function fastest<T extends Result>(results: readonly T[]): T {
  return results.reduce((best, next) => (next.perSecond > best.perSecond ? next : best))
}

function print({
  ratio,
  webhook,
  hello,
  killed,
}: {
  ratio: number
  webhook: Ours
  hello: Result
  killed: Awaited<ReturnType<typeof killUnderLoad>>
}) {
  const round = (value: number) => Math.round(value).toLocaleString('en')
  console.log(`webhook      ${round(webhook.perSecond)} /s   p50 ${webhook.p50} ms   p99 ${webhook.p99} ms   refused ${webhook.refused}`)
  console.log(`  fsyncs     ${round(webhook.fsyncsPerSecond)} /s, of directories ${round(webhook.directorySyncsPerSecond)} /s`)
  console.log(`  CPU        ${round(webhook.cpuMicrosecondsPerEvent)} µs per event`)
  console.log(`hello world  ${round(hello.perSecond)} /s   p50 ${hello.p50} ms   p99 ${hello.p99} ms`)
  console.log(`ratio        ${ratio.toFixed(3)}   (at least 0.12)`)
  console.log(`SIGKILL      ${killed.acknowledged} acknowledged, ${killed.letters} letters, ${killed.lost} lost, ${killed.torn} torn`)
}
