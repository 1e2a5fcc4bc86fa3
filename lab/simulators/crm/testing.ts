import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CrmSimulator, type CrmSimulatorSettings, startCrmSimulator } from './simulator.ts'

/** For tests: a fresh folder that is gone afterwards. */
export async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'crm-simulator-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; undefined when it is empty or no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers whose form is what it tests
  readonly json: any
}

export type Ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>

export const token = 'token-for-tests'

/** Asks over HTTP; throws when the connection is cut. Texts are sent as they are, everything else as JSON. */
export function asker(base: string): Ask {
  return async (method, path, body, headers = { token_exact: token }) => {
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const response = await fetch(new URL(path, base), { method, headers, ...sent })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: parsed(text) }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export interface Running {
  readonly crm: CrmSimulator
  readonly ask: Ask
  readonly control: Ask
}

/** A simulator without quota, unless the settings say so, in a folder of its own. */
export function withSimulator<Result>(
  settings: Partial<CrmSimulatorSettings>,
  use: (running: Running) => Promise<Result>,
): Promise<Result> {
  return withFolder(async (dataDir) => {
    const crm = await startCrmSimulator({ dataDir, token, quota: null, ...settings })
    try {
      return await use({ crm, ask: asker(crm.url), control: asker(crm.controlUrl) })
    } finally {
      await crm.close()
    }
  })
}

/** `$filter=...` and friends, encoded. */
export function query(options: Record<string, string | number>): string {
  return Object.entries(options)
    .map(([name, value]) => `$${name}=${encodeURIComponent(value)}`)
    .join('&')
}
