import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DiskOp, openDisk } from './atomic-file.ts'
import { createDirectorySync } from './directory-sync.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ponte-atomic-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const errno = (code: string) => Object.assign(new Error(`${code}: made up, write '${dir}/secret-name'`), { code, syscall: 'write' })

describe('replace', () => {
  test('goes through create, write, fsync, rename and fsync of the directory, in this order', async () => {
    const steps: DiskOp[] = []
    const disk = openDisk({ room: 'test', onStep: (op) => steps.push(op) })
    await disk.replace(join(dir, 'pointer'), 'one')
    expect(steps).toEqual(['create', 'write', 'sync', 'rename', 'sync-directory'])
    expect(await readFile(join(dir, 'pointer'), 'utf8')).toBe('one')
    expect((await stat(join(dir, 'pointer'))).mode & 0o777).toBe(0o640)
  })

  test.each(['create', 'write', 'sync', 'rename'] as const)('keeps the old content, and no leftover, when %s fails', async (failing) => {
    await openDisk({ room: 'test' }).replace(join(dir, 'pointer'), 'old')
    const disk = openDisk({
      room: 'test',
      onStep: (op) => {
        if (op === failing) throw errno('ENOSPC')
      },
    })
    await expect(disk.replace(join(dir, 'pointer'), 'new')).rejects.toMatchObject({ code: 'test.disk_full' })
    expect(await readdir(dir)).toEqual(['pointer'])
    expect(await readFile(join(dir, 'pointer'), 'utf8')).toBe('old')
  })

  test('never calls fsync a second time on a file whose fsync failed', async () => {
    let syncs = 0
    const disk = openDisk({
      room: 'test',
      onStep: (op) => {
        if (op === 'sync' && ++syncs === 1) throw errno('EIO')
      },
    })
    await expect(disk.replace(join(dir, 'pointer'), 'x')).rejects.toMatchObject({ code: 'test.disk_error' })
    expect(syncs).toBe(1)
  })
})

describe('errors', () => {
  test.each([
    ['ENOSPC', 'test.disk_full'],
    ['EDQUOT', 'test.disk_full'],
    ['EROFS', 'test.disk_read_only'],
    ['EACCES', 'test.disk_denied'],
    ['EXDEV', 'test.disk_split'],
    ['EIO', 'test.disk_error'],
  ])('%s becomes %s and names no file', async (code, expected) => {
    const disk = openDisk({
      room: 'test',
      onStep: () => {
        throw errno(code)
      },
    })
    const error = await disk.writeNew(join(dir, 'secret-name'), 'x').catch((e: unknown) => e as Error & { code: string })
    expect(error).toMatchObject({ code: expected })
    const shown = `${(error as Error).message} ${((error as Error).cause as Error).message}`
    expect(shown).not.toContain('secret-name')
  })

  test('writeNew refuses a file that exists and leaves it alone', async () => {
    const disk = openDisk({ room: 'test' })
    await disk.writeNew(join(dir, 'a'), 'first')
    await expect(disk.writeNew(join(dir, 'a'), 'second')).rejects.toMatchObject({ code: 'test.disk_error' })
    expect(await readFile(join(dir, 'a'), 'utf8')).toBe('first')
  })

  test('rename and unlink of something gone are answers, not surprises', async () => {
    const disk = openDisk({ room: 'test' })
    expect(await disk.rename(join(dir, 'no'), join(dir, 'where'))).toBe(false)
    expect(await disk.unlink(join(dir, 'no'))).toBe(false)
    expect(await disk.rmdir(join(dir, 'no'))).toBe(false)
  })
})

describe('group commit of directory fsyncs', () => {
  const held = () => {
    const starts: (() => void)[] = []
    const sync = createDirectorySync(() => new Promise<void>((resolve) => starts.push(resolve)))
    return { sync, starts }
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))

  test('a hundred callers that come while one runs share the next one', async () => {
    const { sync, starts } = held()
    const first = sync('/d')
    const others = Array.from({ length: 100 }, () => sync('/d'))
    expect(starts).toHaveLength(1)
    starts[0]?.()
    await first
    await settle()
    expect(starts).toHaveLength(2)
    starts[1]?.()
    await Promise.all(others)
    await settle()
    expect(starts).toHaveLength(2)
  })

  test('a caller is never served by an fsync that began before it called', async () => {
    const { sync, starts } = held()
    void sync('/d')
    let served = false
    void sync('/d').then(() => {
      served = true
    })
    starts[0]?.()
    await settle()
    expect(served).toBe(false)
    starts[1]?.()
    await settle()
    expect(served).toBe(true)
  })

  test('a failure reaches those it was to serve, and the next round starts anew', async () => {
    let calls = 0
    const sync = createDirectorySync(async () => {
      calls += 1
      if (calls === 1) throw new Error('EIO')
    })
    const first = sync('/d')
    const second = sync('/d')
    await expect(first).rejects.toThrow('EIO')
    await expect(second).resolves.toBeUndefined()
    await expect(sync('/d')).resolves.toBeUndefined()
    expect(calls).toBe(3)
  })

  test('directories do not wait for each other', async () => {
    const { sync, starts } = held()
    void sync('/a')
    void sync('/b')
    expect(starts).toHaveLength(2)
  })
})
