/** The floors of the house hold: a planted breach fails the lint that CI runs. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'

const root = new URL('..', import.meta.url).pathname

/** @returns what was found, as `path: rule` */
function lint(...args: string[]): string[] {
  const command = ['lint', '--reporter=json', '--max-diagnostics=none', ...args]
  const { stdout } = spawnSync(join(root, 'node_modules/.bin/biome'), command, { cwd: root, encoding: 'utf8' })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] }
  return diagnostics.map(({ category, location }) => `${location.path}: ${category}`)
}

const upwards = [
  ['engine', '../../jobs/catalogue.ts'],
  ['engine/local', '../../../connectors/erp/erp.ts'],
  ['queue-dirs', '../../engine/model.ts'],
  ['records', '../../connectors/erp/erp.ts'],
  ['connectors/crm', '../../../jobs/catalogue.ts'],
  ['jobs', '../../cli/output.ts'],
  ['lab/simulators/crm', '../../../../connectors/crm/spotter/types.ts'],
  ['base', '../../deploy/env.ts'],
  ['cli', '../../lab/prove/rig.ts'],
] as const

describe('the floors of the house', () => {
  const planted = new Map<string, string>()
  let found: string[]
  const at = (name: string) => found.filter((one) => one.startsWith(`${planted.get(name)}/`))
  /** Files in a folder of their own. */
  const plant = (name: string, room: string, files: Record<string, string>) => {
    const folder = mkdtempSync(join(root, room, 'planted-'))
    planted.set(name, relative(root, folder))
    for (const [file, source] of Object.entries(files)) writeFileSync(join(folder, file), source)
  }
  beforeAll(() => {
    try {
      for (const [room, imported] of upwards)
        plant(room, room, { 'breach.ts': `import * as above from '${imported}'\n\nexport const x = above\n` })
      plant('downwards', 'jobs', { 'fine.ts': "import type { Erp } from '../../connectors/erp/erp.ts'\n\nexport type X = Erp\n" })
      plant('circle', 'jobs', {
        'a.ts': "import type { B } from './b.ts'\nexport type A = B | null\n",
        'b.ts': "import type { A } from './a.ts'\nexport type B = A[]\n",
      })
      // Once for all of them: each run reads the whole tree.
      found = lint(...planted.values())
    } finally {
      for (const folder of planted.values()) rmSync(join(root, folder), { recursive: true })
    }
  })

  test.each(upwards)('%s may not import %s', (room) => expect(at(room)).toContainEqual(expect.stringContaining('noRestrictedImports')))

  test('jobs may import connectors', () => expect(at('downwards')).toEqual([]))

  test('a circle is refused, also one of types', () => expect(at('circle')).toContainEqual(expect.stringContaining('noImportCycles')))

  test('the tree as it stands has no breach and no circle', () =>
    expect(lint('--only=style/noRestrictedImports', '--only=suspicious/noImportCycles', '.')).toEqual([]))
})
