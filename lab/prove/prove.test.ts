/** The command as a customer starts it: one quick experiment passes, and what there is not is refused. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compilePonte, type Ponte } from '../../cli/testing/ponte.ts'

const main = new URL('main.ts', import.meta.url).pathname
const prove = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })

let ponte: Ponte
beforeAll(() => {
  ponte = compilePonte()
})
afterAll(() => ponte.remove())

test('an experiment counts what went in and came out, and passes', { timeout: 180_000 }, () => {
  const { status, stdout, stderr } = prove('--only', '12', '--json', '--seed', '7', '--main', ponte.main)
  expect(JSON.parse(stdout), stderr).toMatchObject({
    ok: true,
    seed: 7,
    experiments: [{ number: 12, status: 'passed', in: 60, out: 60, doubled: 0, lost: 0, leftOut: [] }],
  })
  expect(stderr).toContain('60 in, 60 out, 0 doubled, 0 lost')
  expect(status).toBe(0)
})

test('an experiment that there is not is refused with exit code 2, before anything starts', () => {
  const { status, stderr } = prove('--only', '6,77')
  expect(stderr).toContain('There is no experiment "77".')
  expect(status).toBe(2)
})
