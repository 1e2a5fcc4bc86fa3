/** What the sides of the pull bench share: the columns of `known_leads`, values as long as leads have them, threads and the clock. */
import { Worker } from 'node:worker_threads'

export const columns = [
  'ID',
  'NAME',
  'TAXID',
  'ADDRESS_STREET',
  'ADDRESS_ZIPCODE',
  'ADDRESS_NUMBER',
  'ADDRESS_COMPLEMENT',
  'ADDRESS_DISTRICT',
  'CITY',
  'STATE',
  'SALES_REP',
  'CLIENT_CODE',
  'TAX_REGISTRATION',
  'FINANCIAL_ANALYSIS',
] as const

/** What the replaying server gives per query of ours: a step of a range. */
export const STEP_ROWS = 50_000

/** A few rows that go round. */
export const sample: (string | null)[][] = Array.from({ length: 50 }, (_, at) => [
  String(1_000_000 + at),
  `Comércio de Peças ${at} Ltda`,
  String(11_222_333_000_100 + at),
  `RUA DAS LARANJEIRAS ${at}`,
  '01310100',
  String(100 + at),
  at % 3 === 0 ? `SALA ${at}` : null,
  'BELA VISTA',
  'Sao Paulo',
  'Sao Paulo',
  at % 5 === 0 ? null : '99',
  String(40_000 + at),
  'ISENTO',
  at % 2 === 0 ? null : 'credito aprovado ate 50000',
])

/** What one side is told, by its first argument. */
export interface Task {
  readonly url: string
  readonly readers: number
  /** Of all readers together. */
  readonly rows: number
}

/** What it printed. */
export interface Side {
  readonly rows: number
  readonly wallMs: number
  /** Of all threads of its process. */
  readonly cpuMs: number
  /** Highest resident memory of its process. */
  readonly peakRssMb: number
}

export const task = (): Task => JSON.parse(process.argv[2] ?? '{}') as Task

/** Threads of a module that answer each message with how many rows came. */
export function threads(module: string, data: readonly unknown[]): { pull(): Promise<number>; end(): Promise<void> } {
  const started = data.map((one) => new Worker(new URL(module), { workerData: one }))
  const once = (thread: Worker) =>
    new Promise<number>((resolve, reject) => {
      thread.once('message', resolve).once('error', reject)
      thread.postMessage('go')
    })
  return {
    pull: async () => (await Promise.all(started.map(once))).reduce((sum, rows) => sum + rows, 0),
    end: async () => void (await Promise.all(started.map((thread) => thread.terminate()))),
  }
}

/** Runs `pull` once to warm up and once by the clock. `pull` gives the rows that came. */
export async function measure(pull: () => Promise<number>): Promise<void> {
  await pull()
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  const rows = await pull()
  const { user, system } = process.cpuUsage(cpu)
  const side: Side = {
    rows,
    wallMs: performance.now() - start,
    cpuMs: (user + system) / 1000,
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }
  process.stdout.write(`${JSON.stringify(side)}\n`)
}
