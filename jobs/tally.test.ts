import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inOrder } from './consume.ts'
import { newTally } from './tally.ts'

test('a line that is tried twice is counted once, and ends in one column', () => {
  const tally = newTally()
  tally.took('a.json:0')
  tally.ended('a.json:0', 'open')
  expect(tally.counts).toMatchObject({ lines: 1, open: 1, delivered: 0 })
  tally.took('a.json:0')
  tally.ended('a.json:0', 'delivered')
  expect(tally.counts).toMatchObject({ lines: 1, open: 0, delivered: 1 })
  expect(tally.balanced()).toBe(true)
})

test('letters that have ended are counted and forgotten; one that is met again is counted once', () => {
  const tally = newTally()
  for (const file of ['a.json', 'b.json', 'b.json']) tally.letter(file)
  tally.letterEnded('a.json')
  expect(tally.counts.letters).toBe(2)
})

test('the same index of another letter is another line', () => {
  const tally = newTally()
  for (const id of ['a.json:0', 'b.json:0']) tally.took(id)
  for (const id of ['a.json:0', 'b.json:0']) tally.ended(id, 'dead')
  expect(tally.counts).toMatchObject({ lines: 2, dead: 2 })
})

test('a line that was taken and never ended, or ended twice, does not balance', () => {
  const forgotten = newTally()
  forgotten.took('a.json:0')
  expect(forgotten.balanced()).toBe(false)
  const twice = newTally()
  twice.took('a.json:0')
  twice.ended('a.json:0', 'delivered')
  twice.ended('a.json:0', 'delivered')
  expect(twice.balanced()).toBe(false)
})

test('tasks of one key keep their order though the first is slow or fails; other keys do not wait', async () => {
  const run = inOrder()
  const seen: string[] = []
  const first = run('a', async () => {
    await sleep(50)
    seen.push('a1')
    throw new Error('a1 failed')
  })
  const all = [first.catch(() => {}), run('a', async () => seen.push('a2')), run('b', async () => seen.push('b1'))]
  await Promise.all(all)
  expect(seen).toEqual(['b1', 'a1', 'a2'])
})
