/** The package as npm makes it, in an empty folder: it runs the demo, and holds what the product and the demo need, no more. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = new URL('..', import.meta.url).pathname
const run = (cwd: string, command: string, ...args: string[]) => execFileSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 })
let folder: string
let files: string[]

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ponte-pack-'))
  const [packed] = JSON.parse(run(root, 'npm', 'pack', '--json', '--silent', '--pack-destination', folder)) as [
    { filename: string; files: { path: string }[] },
  ]
  files = packed.files.map(({ path }) => path)
  run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', `./${packed.filename}`)
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('holds no test, no bench, no source and nothing that speaks to a test runner', () => {
  expect(files.filter((name) => /\.(test|contract|testing)\.|(^|\/)testing\/|\/bench\/|\/prove\/|\.tsx?$/.test(name))).toEqual([])
  const speaking = files.filter(
    (name) => name.endsWith('.js') && readFileSync(join(folder, 'node_modules/ponte', name), 'utf8').includes("from 'vitest'"),
  )
  expect(speaking).toEqual([])
  expect(files).toContain('dist/cli/main.js')
})

test('installed in an empty folder, it runs the whole demo', () => {
  const figures = JSON.parse(run(folder, 'npx', 'ponte', 'demo', '--branches', '20', '--seed', '3', '--json')) as { ok: boolean }
  expect(figures).toMatchObject({ ok: true, balanced: true, falhas: 0 })
}, 300_000)
