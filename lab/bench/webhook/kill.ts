/** SIGKILL in the middle of the load: every event that was acknowledged must lie on the disk, whole. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import type { ServedApi } from '../../../api/testing/served.ts'
import { signedEvent } from './events.ts'

export interface Killed {
  readonly acknowledged: number
  readonly letters: number
  /** Acknowledged, and not on the disk as it was sent. */
  readonly lost: number
  /** Files that are no whole event. */
  readonly torn: number
}

/** @param firstLead leads from here on were never sent before */
export async function killUnderLoad(
  api: ServedApi,
  options: { queueRoot: string; token: string; secret: string; connections: number; ms: number; firstLead: number },
): Promise<Killed> {
  const acknowledged = new Map<number, string>()
  let next = options.firstLead
  const sender = new Pool(api.url, { connections: options.connections })
  const send = async () => {
    for (;;) {
      const lead = next++
      const { body, headers } = signedEvent(lead, `kill_${lead}`, options.token, options.secret)
      const answer = await sender.request({ method: 'POST', path: '/atualizalead', body, headers })
      await answer.body.dump()
      if (answer.statusCode === 200) acknowledged.set(lead, body)
    }
  }
  // Each ends with the connection's error when the server dies.
  const loops = Array.from({ length: options.connections }, () => send().catch(() => undefined))
  await sleep(options.ms)
  await api.kill()
  await Promise.all(loops)
  await sender.destroy()

  const folder = join(options.queueRoot, 'leads', 'processar')
  const names = await readdir(folder)
  const found = new Map<number, string>()
  let torn = 0
  for (const name of names) {
    const text = await readFile(join(folder, name), 'utf8')
    const lead = leadOf(text)
    if (lead === null) torn += 1
    else if (lead >= options.firstLead) found.set(lead, text)
  }
  const lost = [...acknowledged].filter(([lead, body]) => found.get(lead) !== body).length
  return { acknowledged: acknowledged.size, letters: found.size, lost, torn }
}

function leadOf(text: string): number | null {
  try {
    return (JSON.parse(text) as { Lead: { Id: number } }).Lead.Id
  } catch {
    return null
  }
}
