/** A journal in the form of version 0.2.0 (a real one is upgraded in upgrade.test.ts), beside letters in every state that a repair leaves. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { openLane } from '../lane.ts'
import { withRoot } from '../testing/temporary-root.ts'

const nothing = async () => undefined
const nameOf = (n: number) => `converted_lead_acme_2026_03_04_05_06_07_008_01KN00000000000000000000${String(n).padStart(2, '0')}.json`
const bodyOf = (n: number) => JSON.stringify({ n, text: 'é 💥\n' })
const kept = (n: number) => {
  const sum = crc32(bodyOf(n), crc32(nameOf(n)))
    .toString(16)
    .padStart(8, '0')
  return `keep ${nameOf(n)} ${Buffer.byteLength(bodyOf(n))} ${sum}\n${bodyOf(n)}\n`
}

/** A lane with two segments of a dead process: letters 1 to 9, of which 9 was not accepted after all; 10 was being written. */
const withJournal = (act: (bed: { root: string; at: (...parts: string[]) => string; recover: () => Promise<void> }) => Promise<void>) =>
  withRoot('memory', async (root) => {
    const open = () => openLane({ root, name: 'leads', leaseMs: 300, heartbeatMs: 50 })
    await open()
    const at = (...parts: string[]) => join(root, 'leads', ...parts)
    await mkdir(at('.tmp', 'desk.01KN'))
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    await writeFile(at('.tmp', 'desk.01KN', 'journal.000001'), `boot b\n${numbers.slice(0, 5).map(kept).join('')}`)
    const last = `boot b\n${numbers.slice(5).map(kept).join('')}drop ${nameOf(9)}\n${kept(10).slice(0, -5)}`
    await writeFile(at('.tmp', 'desk.01KN', 'journal.000002.unsound'), last)
    await act({ root, at, recover: async () => void (await (await open()).recover(nothing)) })
  })

test('letters that are missing, empty or torn wait again, whole, wherever they had come to; the others stay where and as they are', async () => {
  await withJournal(async ({ at, recover }) => {
    await mkdir(at('processados', '20260304'))
    await writeFile(at('processar', nameOf(1)), bodyOf(1))
    await writeFile(at('processar', nameOf(2)), '')
    await writeFile(at('processados', '20260304', nameOf(3)), '')
    await writeFile(at('processados', '20260304', nameOf(4)), bodyOf(4))
    await writeFile(at('falhas', nameOf(5)), '\0'.repeat(30))
    await writeFile(at('falhas', `${nameOf(5)}.error.json`), '{}')
    await writeFile(at('falhas', nameOf(6)), '{"edited":true}')
    await writeFile(at('processar', nameOf(7)), bodyOf(7).slice(0, 9))
    await recover()

    const waiting = [1, 2, 3, 5, 7, 8]
    expect((await readdir(at('processar'))).sort()).toEqual(waiting.map(nameOf).sort())
    for (const n of waiting) expect(await readFile(at('processar', nameOf(n)), 'utf8')).toBe(bodyOf(n))
    expect(await readdir(at('processados', '20260304'))).toEqual([nameOf(4)])
    expect(await readdir(at('falhas'))).toEqual([nameOf(6)])
    expect(await readFile(at('falhas', nameOf(6)), 'utf8')).toBe('{"edited":true}')
    expect(await readdir(at('.tmp'))).toEqual([])
  })
})

test('a letter that cannot be put back keeps the journal', async () => {
  await withJournal(async ({ at, recover }) => {
    // Nothing can be renamed over a folder, and nothing is found in it.
    await mkdir(at('processar', nameOf(8)))
    await expect(recover()).rejects.toMatchObject({ code: 'queue.disk_error' })
    const [desk] = await readdir(at('.tmp'))
    expect((await readdir(at('.tmp', desk!))).filter((name) => name.startsWith('journal.'))).toHaveLength(2)
  })
})
