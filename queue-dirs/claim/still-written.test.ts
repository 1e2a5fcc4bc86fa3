/** Files that somebody else writes into processar, slowly: no line is lost, and none is refused half. */
import { appendFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLane } from '../lane.ts'
import type { Claim, Lane } from '../lane.types.ts'
import { withRoot } from '../testing/temporary-root.ts'

const file = 'converted_lead_by_hand.json'
const take = (lane: Lane, passBy: (name: string) => void = () => {}) =>
  lane.claims({ prefixes: ['converted_lead'], worker: 'w', foreign: true, passBy })
const inLane = (settleMs: number, act: (lane: Lane, at: (...parts: string[]) => string) => Promise<void>) =>
  withRoot('memory', async (root) => {
    const lane = await openLane({ root, name: 'leads', settleMs })
    await act(lane, (...parts) => join(root, 'leads', ...parts))
    await lane.close()
  })

/** As a job does: what is no JSON is dead. @returns the texts that were judged */
async function judge(claim: Claim): Promise<string[]> {
  const texts: string[] = []
  for await (const { index, text } of claim.lines()) {
    texts.push(text)
    const whole = /^\{.*\}$/.test(text)
    await claim.record(index, whole ? { kind: 'done' } : { kind: 'dead', code: 'x', reason: 'half', attempts: 1 })
  }
  return texts
}

test('a file that grew while it was in hand goes on: the half line is judged again, the lines behind it are delivered', async () => {
  await inLane(0, async (lane, at) => {
    await writeFile(at('processar', file), '{"n":1}\n{"n":')
    for await (const claim of take(lane)) {
      expect(await judge(claim)).toEqual(['{"n":1}', '{"n":'])
      await appendFile(at('processando', (await readdir(at('processando')))[0]!, claim.name.file), '2}\n{"n":3}\n')
      expect(await claim.finish()).toEqual({ done: 1, dead: 0, open: 2, to: 'processar' })
    }
    for await (const claim of take(lane)) {
      expect(await judge(claim)).toEqual(['{"n":2}', '{"n":3}'])
      expect((await claim.finish()).to).toBe('processados')
    }
    const [day] = await readdir(at('processados'))
    const [letter] = await readdir(at('processados', day!))
    expect(await readFile(at('processados', day!, letter!), 'utf8')).toBe('{"n":1}\n{"n":2}\n{"n":3}\n')
    expect(await readdir(at('.progress'))).toEqual([])
  })
})

test('a letter that grew is not refused as a whole', async () => {
  await inLane(0, async (lane, at) => {
    await writeFile(at('processar', file), Buffer.from('{"n":"é"}\n').subarray(0, 7))
    for await (const claim of take(lane)) {
      await expect(judge(claim)).rejects.toMatchObject({ code: 'queue.not_utf8' })
      await appendFile(at('processando', (await readdir(at('processando')))[0]!, claim.name.file), Buffer.from('{"n":"é"}\n').subarray(7))
      await claim.reject('queue.not_utf8', 'it is not UTF-8')
    }
    expect(await readdir(at('falhas'))).toEqual([])
    for await (const claim of take(lane)) expect(await judge(claim)).toEqual(['{"n":"é"}'])
  })
})

test.each([
  ['nothing yet', ''],
  ['half a line', '{"n":1}\n{"n":2,"te'],
  ['half a letter that takes several bytes', Buffer.from('{"n":"é').subarray(0, -1)],
  ['half an object over several lines', '{\n  "n": 1,\n'],
])('a copy that stands still for 12 s after %s is not taken before it goes on, nor edited; after a minute it is', async (_, begin) => {
  await inLane(2_000, async (lane, at) => {
    const path = at('processar', file)
    const ago = (seconds: number) => utimes(path, new Date(Date.now() - seconds * 1000), new Date(Date.now() - seconds * 1000))
    let passedBy: string[] = []
    const claims = async () => {
      let count = 0
      passedBy = []
      for await (const _ of take(lane, (name) => passedBy.push(name))) count += 1
      return count
    }
    await mkdir(at('processar'), { recursive: true })
    await writeFile(path, begin)
    await ago(12)
    expect(await claims()).toBe(0)
    expect(passedBy).toEqual([file])
    expect(await lane.editWaiting('converted_lead', () => '{}')).toBe(0)
    await ago(61)
    expect(await claims()).toBe(1)
    expect(passedBy).toEqual([])
  })
})

test.each([
  ['whole lines', '{"n":1}\n{"n":2}\n'],
  ['a last line without its end', '{"n":1}\n{"n":2}'],
  ['an object over several lines', '{\n  "n": [\n    1\n  ]\n}'],
  ['a line that is no JSON', 'broken\n'],
])('a file that ends in %s is taken after its two seconds', async (_, text) => {
  await inLane(2_000, async (lane, at) => {
    await writeFile(at('processar', file), text)
    await utimes(at('processar', file), new Date(Date.now() - 3_000), new Date(Date.now() - 3_000))
    let count = 0
    for await (const _ of take(lane)) count += 1
    expect(count).toBe(1)
  })
})
