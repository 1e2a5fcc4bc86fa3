/**
 * `npm run bench:webhook [-- --requests 16000 --rounds 3 --connections 64 --json]`
 *
 * Webhooks per second with everything on (token, signature, validation, repeats, a durable letter on this disk), against Hono's
 * hello world on the same node-server, which gets the same signed requests and answers without looking at them. Each side in a
 * process of its own, by turns, load in a third; each side's fastest round counts. `ratio` is ours / hello world's, higher is
 * better. Then the server is killed (SIGKILL) under load and every acknowledged event is looked for on the disk: one that is
 * lost ends the bench with exit code 1.
 */
import { execFile, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import pg from 'pg'
import { serveApi } from '../../api/testing/served.ts'
import { startEmbedded } from '../../connectors/erp/embedded/embedded.ts'
import { openState } from '../../connectors/state/pool.ts'
import { killUnderLoad } from './webhook/kill.ts'
import type { Load, Result } from './webhook/load.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '16000' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
})
const [requests, rounds, connections] = [values.requests, values.rounds, values.connections].map(Number) as [number, number, number]
if (![requests, rounds, connections].every((value) => Number.isSafeInteger(value) && value >= 1)) {
  console.error('--requests, --rounds and --connections take whole numbers from 1')
  process.exit(2)
}

interface Ours extends Result {
  /** Files and directories together. */
  readonly fsyncsPerSecond: number
  readonly directorySyncsPerSecond: number
  readonly cpuMicrosecondsPerEvent: number
}

/** No event is sent twice. */
let nextLead = 1
const token = randomBytes(32).toString('base64url')
const secret = `whsec_${randomBytes(32).toString('base64')}`
// On the disk that a queue would lie on: a folder for temporary files may be memory.
const base = resolve('data', 'bench-webhook')
await mkdir(base, { recursive: true })
// An ext4 without a journal (containers, small VMs) is slow to create files where many were deleted in the last minutes, as by
// this bench's last run. With this attribute each folder gets a part of the disk of its own. Where it does not exist, it is not needed.
await promisify(execFile)('chattr', ['+T', base]).catch(() => undefined)
const folders: string[] = []
const newFolder = async () => {
  const folder = await mkdtemp(join(base, 'run-'))
  folders.push(folder)
  return folder
}
const server = await startEmbedded({ dataDir: join(base, 'postgres'), databases: [] })
try {
  const stateUrl = await freshDatabase()
  const hello: Result[] = []
  const ours: Ours[] = []
  for (let round = 0; round < rounds; round += 1) {
    hello.push(await measureHello())
    ours.push(await measureOurs(stateUrl, await newFolder()))
  }
  const queueRoot = await newFolder()
  const served = await serve(stateUrl, queueRoot)
  const killed = await killUnderLoad(served, { queueRoot, token, secret, connections, ms: 2_000, firstLead: nextLead })

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
  // Nothing acknowledged proves nothing.
  if (killed.lost + killed.torn > 0 || killed.acknowledged === 0 || best.refused > 0) process.exitCode = 1
} finally {
  await server.stop()
  for (const path of folders.flatMap((folder) => [folder, `${folder}.log`])) await rm(path, { recursive: true, force: true })
}

/** Of this version's schema and without rows. */
async function freshDatabase(): Promise<string> {
  const admin = new pg.Client({ connectionString: server.url('postgres') })
  await admin.connect()
  await admin.query('drop database if exists ponte_bench with (force)')
  await admin.query('create database ponte_bench')
  await admin.end()
  const url = server.url('ponte_bench')
  await (await openState(url, 1)).end()
  return url
}

function serve(stateUrl: string, queueRoot: string) {
  const served = { queueRoot, stateUrl, logFile: `${queueRoot}.log`, token, settings: { webhookSecrets: [secret] } }
  return serveApi(served, { threads: 16 })
}

async function measureOurs(stateUrl: string, queueRoot: string): Promise<Ours> {
  const api = await serve(stateUrl, queueRoot)
  await load(api.url, requests / 4)
  const before = await api.figures()
  const result = await load(api.url, requests)
  const after = await api.figures()
  await api.stop()
  const seconds = result.answered / result.perSecond
  const directories = after.directorySyncs - before.directorySyncs
  return {
    ...result,
    fsyncsPerSecond: (after.fileSyncs - before.fileSyncs + directories) / seconds,
    directorySyncsPerSecond: directories / seconds,
    cpuMicrosecondsPerEvent: ((after.cpuMs - before.cpuMs) * 1000) / result.answered,
  }
}

async function measureHello(): Promise<Result> {
  const child = fork(fileURLToPath(new URL('./webhook/hello.ts', import.meta.url)))
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  await load(url, requests)
  const result = await load(url, requests * 3)
  const gone = once(child, 'exit')
  child.kill()
  await gone
  return result
}

async function load(url: string, count: number): Promise<Result> {
  const each = Math.ceil(count / connections)
  const what: Load = { url, path: '/atualizalead', connections, requests: each, token, secret, firstLead: nextLead }
  nextLead += each * connections
  const file = fileURLToPath(new URL('./webhook/load.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [file, JSON.stringify(what)], { maxBuffer: 1 << 24 })
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
  console.log(
    `webhook      ${round(webhook.perSecond)} /s   p50 ${webhook.p50} ms   p99 ${webhook.p99} ms (below 60)   refused ${webhook.refused}`,
  )
  console.log(`  fsyncs     ${round(webhook.fsyncsPerSecond)} /s, of directories ${round(webhook.directorySyncsPerSecond)} /s`)
  console.log(`  CPU        ${round(webhook.cpuMicrosecondsPerEvent)} µs per event`)
  console.log(`hello world  ${round(hello.perSecond)} /s   p50 ${hello.p50} ms   p99 ${hello.p99} ms`)
  console.log(`ratio        ${ratio.toFixed(3)}   (at least 0.055)`)
  console.log(`SIGKILL      ${killed.acknowledged} acknowledged, ${killed.letters} letters, ${killed.lost} lost, ${killed.torn} torn`)
}
