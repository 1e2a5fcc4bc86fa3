import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import type { Experiment } from '../experiment.ts'
import { needs } from '../programs.ts'
import { openRig } from '../rig.ts'

const folders = ['/usr/lib/x86_64-linux-gnu/faketime', '/usr/lib/aarch64-linux-gnu/faketime', '/usr/lib/faketime', '/usr/lib64/faketime']
const library = folders.map((folder) => join(folder, 'libfaketimeMT.so.1')).find((file) => existsSync(file))

export const experiment: Experiment = {
  number: 9,
  title: 'the clock of a worker is a day ahead, an hour back, stands still, ends summer time',
  needs: [needs.linux, () => (library ? null : 'libfaketime is not installed (Debian: apt-get install libfaketime)')],
  async run(context) {
    const rig = await openRig(context, { env: { SCHEDULE_ZONE: 'America/New_York' } })
    const books = openBooks(context, rig)
    await rig.webhooks()
    await rig.api()
    const clock = join(context.folder, 'clock')
    const set = (time: string) => writeFileSync(clock, `${time}\n`)
    const faked = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' }
    set('+0')
    await rig.worker(faked)
    const wrong = [
      ['a day ahead', '+1d'],
      ['an hour back', '-1h'],
      ['standing still', new Date().toISOString().slice(0, 19).replace('T', ' ')],
      ['at the end of summer time', '@2026-11-01 05:59:50'],
      ['at its beginning', '@2026-03-08 06:59:50'],
    ] as const
    for (const [name, time] of wrong) {
      set(time)
      await books.companies(10, true)
      await books.edits(5)
      await books.leads(3)
      await sleep(context.long ? 60_000 : 12_000)
      set('+0')
      await books.companies(5, true)
      const arrived = await books.arrive(60)
      context.check(`with the right time again, after ${name}, schedules go on within a minute`, arrived, 'they do not')
    }
    return {
      ...(await books.drain(60)),
      did: `${wrong.map(([name]) => name).join(', ')}: each for ${context.long ? 60 : 12} s, then right again`,
    }
  },
}
