/** Names that people and other programs give to files: none of them hides its neighbours, and each can be dealt with. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openLane } from '../lane.ts'
import type { Lane } from '../lane.types.ts'

let root: string
let lane: Lane
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'ponte-names-')), 'queue')
  lane = await openLane({ root, name: 'leads', settleMs: 0 })
})
afterEach(async () => {
  await lane.close()
  await rm(join(root, '..'), { recursive: true, force: true })
})

const put = (folder: string, name: string | Buffer, text = '{"n":1}\n') =>
  writeFile(Buffer.concat([Buffer.from(`${join(root, 'leads', folder)}/`), Buffer.from(name)]), text)
async function dead() {
  const files: string[] = []
  for await (const { file } of lane.deadLetters()) files.push(file)
  return files.sort()
}

describe.each<[string, string | Buffer]>([
  ['a line break', 'converted_lead_a\nb.json'],
  ['an escape sequence', 'converted_lead_\u001b]52;c;eA==\u0007.json'],
  ['a C1 control character', 'converted_lead_\u009b2J.json'],
  ['a change of direction', 'converted_lead_\u202enosj.json'],
  ['a backslash', 'converted_lead_..\\x.json'],
  ['bytes that are no UTF-8', Buffer.from('converted_lead_São.json', 'latin1')],
  ['240 bytes', `converted_lead_${'é'.repeat(110)}.json`],
])('a file with %s in its name', (_, name) => {
  test('in falhas, hides no other, keeps its reasons, and can be shown, sent again and put away', async () => {
    await put('falhas', 'converted_lead_good.json')
    await put('falhas', name)
    const reasons = JSON.stringify({
      file: 'x',
      failedAt: '2026-01-01T00:00:00.000Z',
      lines: [{ line: 1, code: 'why', reason: 'so', attempts: 1 }],
    })
    await put('falhas', Buffer.concat([Buffer.from(name), Buffer.from('.error.json')]), reasons).catch(() => undefined)

    const { names, matching } = await lane.deadNames({ limit: 10 })
    expect(matching).toBe(2)
    const files = await dead()
    expect(names.map(({ file }) => file).sort()).toEqual(files)
    expect(files).toContain('converted_lead_good.json')
    const odd = files.find((file) => file !== 'converted_lead_good.json')!
    expect(odd).toMatch(/^converted_lead_[^\p{C}\\]+_[0-9A-Z]{26}\.json$/u)

    const shown = await lane.showDead(odd)
    expect(shown.prefix).toBe('converted_lead')
    // The name of the reasons would be too long for the file system.
    if (!_.startsWith('240')) expect(shown.letter.lines).toMatchObject([{ code: 'why' }])
    await lane.mendDead(odd, { version: shown.version, fates: 'discarded' })
    expect(await dead()).toEqual(['converted_lead_good.json'])
  })

  test('in processar, is counted, edited and delivered, and holds up no other', async () => {
    await put('processar', name)
    await put('processar', 'converted_lead_good.json')
    expect(await lane.counts()).toMatchObject([{ folder: 'processar', prefix: 'converted_lead', files: 2 }])
    expect(await lane.editWaiting('converted_lead', () => '{"n":2}\n')).toBe(2)
    let delivered = 0
    for await (const claim of lane.claims({ prefixes: ['converted_lead'], worker: 'w', foreign: true })) {
      for await (const { index, text } of claim.lines()) {
        expect(text).toBe('{"n":2}')
        await claim.record(index, { kind: 'done' })
      }
      expect((await claim.finish()).to).toBe('processados')
      delivered += 1
    }
    expect(delivered).toBe(2)
    expect(await readdir(join(root, 'leads', 'processar'))).toEqual([])
  })
})
