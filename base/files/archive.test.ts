/** Archives: what is put in comes out, nothing half-written shows, and no damage goes unnoticed. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createArchive, sweepParts } from './archive.ts'
import { checkSum, readArchive } from './archive-read.ts'

const identity = await generateX25519Identity()
const recipient = await identityToRecipient(identity)
let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ponte-archive-'))
  file = join(folder, 'a.tar.gz.age')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const long = `queue/leads/processar/${'á'.repeat(110)}.json`
async function write(): Promise<void> {
  writeFileSync(join(folder, 'letter'), Buffer.alloc(300_000, 'x'))
  writeFileSync(join(folder, 'empty'), '')
  const archive = await createArchive(file, [recipient])
  await archive.add(long, 'João')
  expect(await archive.addFile('letter', join(folder, 'letter'))).toBe(true)
  expect(await archive.addFile('empty', join(folder, 'empty'))).toBe(true)
  await archive.add('last', new Uint8Array([0, 255]))
  await archive.close()
}
async function read(): Promise<Record<string, Buffer>> {
  const found: Record<string, Buffer> = {}
  await readArchive(file, identity, async ({ name, body }) => {
    const parts: Uint8Array[] = []
    for await (const part of body) parts.push(part)
    found[name] = Buffer.concat(parts)
  })
  return found
}

test('what is put in comes out, byte for byte, and nothing is readable from outside', async () => {
  await write()
  const found = await read()
  expect(Object.keys(found)).toEqual([long, 'letter', 'empty', 'last'])
  expect(found[long]!.toString()).toBe('João')
  expect(found.letter!.equals(readFileSync(join(folder, 'letter')))).toBe(true)
  expect(found.empty).toHaveLength(0)
  expect([...found.last!]).toEqual([0, 255])
  expect(readFileSync(file, 'latin1')).toMatch(/^age-encryption.org\/v1\n/)
  expect(readFileSync(file, 'latin1')).not.toContain('processar')
})

test('the sum is one that sha256sum accepts', async () => {
  await write()
  expect(execFileSync('sha256sum', ['-c', 'a.tar.gz.age.sha256'], { cwd: folder, encoding: 'utf8' })).toContain('OK')
  expect(await checkSum(file)).toMatch(/^[0-9a-f]{64}$/)
})

test('a file that is gone, or a link that points elsewhere, is left out', async () => {
  symlinkSync('/etc/passwd', join(folder, 'link'))
  const archive = await createArchive(file, [recipient])
  expect(await archive.addFile('gone', join(folder, 'gone'))).toBe(false)
  expect(await archive.addFile('link', join(folder, 'link'))).toBe(false)
  expect(await archive.addFile('folder', folder)).toBe(false)
  await archive.add('one', '1')
  await archive.close()
  expect(Object.keys(await read())).toEqual(['one'])
})

test('a discarded archive leaves nothing; what a killed process left is swept', async () => {
  const archive = await createArchive(file, [recipient])
  await archive.add('one', Buffer.alloc(1_000_000))
  expect(readdirSync(folder)).toEqual(['a.tar.gz.age.part'])
  await archive.discard()
  expect(readdirSync(folder)).toEqual([])
  writeFileSync(`${file}.part`, 'half')
  expect(await sweepParts(folder)).toBe(1)
  expect(readdirSync(folder)).toEqual([])
})

describe('is refused by name:', () => {
  beforeEach(write)
  test('a file that was cut off anywhere', async () => {
    const whole = readFileSync(file)
    for (const length of [0, 10, 300, whole.length - 200, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length))
      await expect(read(), `${length} of ${whole.length}`).rejects.toMatchObject({ code: 'backup.damaged' })
      await expect(checkSum(file)).rejects.toMatchObject({ code: 'backup.damaged' })
    }
  })
  test('a file with a changed byte, or with more behind its end', async () => {
    const whole = readFileSync(file)
    const changed = Buffer.from(whole)
    changed[whole.length - 30]! ^= 1
    writeFileSync(file, changed)
    await expect(read()).rejects.toMatchObject({ code: 'backup.damaged' })
    writeFileSync(file, whole)
    appendFileSync(file, 'more')
    await expect(read()).rejects.toMatchObject({ code: 'backup.damaged' })
    truncateSync(file, whole.length)
    expect(Object.keys(await read())).toHaveLength(4)
  })
  test('a file for another key, and one that is not there', async () => {
    const other = await generateX25519Identity()
    await expect(readArchive(file, other, async () => {})).rejects.toMatchObject({ code: 'backup.wrong_key', exitCode: 2 })
    await expect(readArchive(join(folder, 'no'), identity, async () => {})).rejects.toMatchObject({ code: 'backup.unreadable' })
  })
})
