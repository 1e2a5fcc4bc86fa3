import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openLane } from '../lane.ts'
import type { Lane } from '../lane.types.ts'
import { withRoot } from '../testing/temporary-root.ts'

const withLane = (act: (lane: Lane, files: (folder: string) => string[], root: string) => Promise<void>) =>
  withRoot('memory', async (root) => {
    const lane = await openLane({ root, name: 'leads', leaseMs: 300, heartbeatMs: 60 })
    await act(lane, (folder) => readdirSync(join(root, 'leads', folder), { recursive: true, encoding: 'utf8' }), join(root, 'leads'))
    await lane.close()
  })

describe('a letter for the record', () => {
  it('goes whole into processados, is readable by its group only, and never waits', () =>
    withLane(async (lane, files, root) => {
      const letter = await lane.archive('full_sync_leads', 'R1')
      for (let n = 0; n < 5_000; n++) await letter.write(JSON.stringify({ n, name: 'Açaí' }))
      expect(files('processados')).toEqual([])
      const name = await letter.close()
      expect(name).toMatch(/^full_sync_leads_R1_\d{4}_.*\.json$/)
      const path = files('processados').find((file) => file.endsWith('.json'))
      expect(path).toMatch(new RegExp(`^\\d{8}/${name}$`))
      const file = join(root, 'processados', path!)
      expect(statSync(file).mode & 0o777).toBe(0o640)
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
      expect(lines).toHaveLength(5_000)
      expect(JSON.parse(lines[4_999]!)).toEqual({ n: 4_999, name: 'Açaí' })
      expect(await lane.counts()).toEqual([])
      expect(files('.tmp')).toEqual([])
    }))

  it('leaves nothing when it is thrown away', () =>
    withLane(async (lane, files) => {
      const letter = await lane.archive('full_sync_leads', 'R1')
      await letter.write('{}')
      await letter.discard()
      expect([...files('.tmp'), ...files('processados')]).toEqual([])
    }))

  it('is left alone by recover while its writer lives, and swept when it is dead', () =>
    withLane(async (lane, files, root) => {
      const letter = await lane.archive('full_sync_leads', 'R1')
      mkdirSync(`${root}/.tmp/archive.01JD3Z5W0E7R6X8K9M2N4P5Q6S`)
      writeFileSync(`${root}/.tmp/archive.01JD3Z5W0E7R6X8K9M2N4P5Q6S/full_sync_leads_x.json`, '{"half":')
      expect(await lane.recover(async () => {})).toMatchObject({ manifests: 0 })
      expect(files('.tmp').filter((name) => name.includes('01JD3Z5W'))).toEqual([])
      await letter.write('{}')
      expect(await letter.close()).toMatch(/^full_sync_leads/)
    }))

  it('takes only prefixes that it knows', () =>
    withLane(async (lane) => {
      await expect(lane.archive('secrets', 'x')).rejects.toMatchObject({ code: expect.stringMatching(/^queue\./) })
    }))
})
