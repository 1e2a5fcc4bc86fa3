/** The floors of the house hold: a planted breach fails the lint that CI runs. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = new URL('..', import.meta.url).pathname
const biome = join(root, 'node_modules/.bin/biome')

function lint(...paths: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync(biome, ['lint', ...paths], { cwd: root, encoding: 'utf8' })
  return { ok: status === 0, output: stdout + stderr }
}

/** Lints files planted in a room, in a folder of their own that is removed again. */
function plant(room: string, files: Record<string, string>): { ok: boolean; output: string } {
  const folder = mkdtempSync(join(root, room, 'planted-'))
  try {
    for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source)
    return lint(relative(root, folder))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the floors of the house', () => {
  test.each([
    ['engine', '../../jobs/catalogue.ts'],
    ['engine/local', '../../../connectors/erp/erp.ts'],
    ['queue-dirs', '../../engine/model.ts'],
    ['connectors/crm', '../../../jobs/catalogue.ts'],
    ['jobs', '../../cli/output.ts'],
    ['lab/simulators/crm', '../../../../connectors/crm/spotter/types.ts'],
    ['base', '../../deploy/env.ts'],
    ['cli', '../../lab/prove/rig.ts'],
  ])('%s may not import %s', (room, imported) => {
    const { ok, output } = plant(room, { 'breach.ts': `import * as above from '${imported}'\n\nexport const x = above\n` })
    expect(output).toContain('noRestrictedImports')
    expect(ok).toBe(false)
  })

  test('jobs may import connectors', () => {
    const { ok, output } = plant('jobs', { 'fine.ts': "import type { Erp } from '../../connectors/erp/erp.ts'\n\nexport type X = Erp\n" })
    expect(output).not.toContain('noRestrictedImports')
    expect(ok).toBe(true)
  })

  test('a circle is refused, also one of types', () => {
    const { ok, output } = plant('jobs', {
      'a.ts': "import type { B } from './b.ts'\nexport type A = B | null\n",
      'b.ts': "import type { A } from './a.ts'\nexport type B = A[]\n",
    })
    expect(output).toContain('noImportCycles')
    expect(ok).toBe(false)
  })

  test('the tree as it stands has no breach and no circle', () => {
    const { output } = lint('--only=style/noRestrictedImports', '--only=suspicious/noImportCycles', '.')
    expect(output).not.toMatch(/noRestrictedImports|noImportCycles/)
  })
})
