/** Folders change places whole, or nothing has changed. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildFolders } from './replace-folders.ts'

let top: string
beforeEach(() => {
  top = join(mkdtempSync(join(tmpdir(), 'ponte-folders-')), 'queue')
})
afterEach(() => rmSync(join(top, '..'), { recursive: true, force: true }))

async function* body(text: string) {
  yield Buffer.from(text)
}
const read = (path: string) => readFileSync(join(top, path), 'utf8')

test('what was there is set aside, and what was built is in its place; what was not built is absent', async () => {
  mkdirSync(join(top, 'leads/processar'), { recursive: true })
  mkdirSync(join(top, 'contacts'))
  writeFileSync(join(top, 'leads/processar/old.json'), 'old')
  const built = await buildFolders(top, 'r1')
  await built.write('leads/processar/new.json', 3, body('new'))
  await built.write('leads/big', 5_000_000, body('x'.repeat(5_000_000)))
  expect(read('leads/processar/old.json')).toBe('old')
  const aside = await built.takePlaces(['leads', 'contacts'])
  expect(read('leads/processar/new.json')).toBe('new')
  expect(read('leads/big')).toHaveLength(5_000_000)
  expect(existsSync(join(top, 'leads/processar/old.json'))).toBe(false)
  expect(readFileSync(join(aside!, 'leads/processar/old.json'), 'utf8')).toBe('old')
  expect(readdirSync(top).sort()).toEqual(['.replaced-r1', 'leads'])
})

test('into an empty place nothing is set aside', async () => {
  const built = await buildFolders(top, 'r1')
  for (let n = 0; n < 200; n++) await built.write(`leads/${n}`, 1, body(String(n)))
  expect(await built.takePlaces(['leads', 'contacts'])).toBeNull()
  expect(readdirSync(top)).toEqual(['leads'])
  expect(readdirSync(join(top, 'leads'))).toHaveLength(200)
})

test('what a killed restore had built is swept by the next, and a path that leaves its folder is refused', async () => {
  await (await buildFolders(top, 'killed')).write('leads/a', 1, body('a'))
  const built = await buildFolders(top, 'r2')
  expect(readdirSync(top)).toEqual(['.restoring-r2'])
  await expect(built.write('../../elsewhere', 1, body('a'))).rejects.toThrow(TypeError)
  await built.discard()
  expect(readdirSync(top)).toEqual([])
})
