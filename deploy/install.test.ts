/**
 * The install script on a bare Debian 12, which has neither Node nor curl: to a green `ponte doctor`, again, to another version, and back.
 * Three minutes of downloads and builds, so only in CI and with PONTE_TEST_LONG=1.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BareDebian, bareDebian, debootstrapMissing } from './testing/chroot.ts'

const source = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.env.CI === 'true' || process.env.PONTE_TEST_LONG === '1'
const missing = wanted ? debootstrapMissing() : 'takes three minutes: PONTE_TEST_LONG=1'

if (missing !== null) console.log(`LEFT OUT: deploy/install.sh on a bare Debian 12 (${missing})`)
else
  describe('on a bare Debian 12 the install script', () => {
    let debian: BareDebian
    beforeAll(async () => {
      debian = await bareDebian()
      mkdirSync(join(debian.root, 'src'))
      // What is committed, as a clone has it.
      const copied = spawnSync('sh', ['-c', 'git -C "$0" archive HEAD | tar -C "$1/src" -xf -', source, debian.root], { encoding: 'utf8' })
      expect(copied.stderr).toBe('')
    }, 600_000)
    afterAll(() => debian.close())

    const install = (...args: string[]) => debian.run('/src/deploy/install.sh', ...args)
    const current = () => basename(readlinkSync(join(debian.root, 'opt/ponte/current')))
    const settings = () => join(debian.root, 'etc/ponte/ponte.env')
    let first: string

    test('reaches a green doctor, as a user of its own, and says what it left for systemd', async () => {
      const { code, output } = await install()
      expect(code, output).toBe(0)
      expect(output).toMatch(/Ready, \d+ warnings?\./)
      expect(output).toContain('systemctl enable --now')
      const doctor = await debian.run('ponte', 'doctor', '--json')
      const { ok, checks } = JSON.parse(doctor.output) as { ok: boolean; checks: { name: string; status: string; detail: string }[] }
      expect(ok).toBe(true)
      expect(checks.find(({ name }) => name === 'node')!.detail).toMatch(/^v26\.12\.1 /)
      expect(checks.filter(({ status }) => status !== 'ok').map(({ name }) => name)).toEqual(
        expect.not.arrayContaining(['queue', 'state database']),
      )
      const owner = Number((await debian.run('id', '-u', 'ponte')).output)
      expect(statSync(join(debian.root, 'var/lib/ponte/queue'))).toMatchObject({ uid: owner })
      expect(statSync(join(debian.root, 'var/lib/ponte/queue/leads')).mode & 0o777).toBe(0o750)
      expect(statSync(settings()).mode & 0o777).toBe(0o640)
      for (const unit of ['ponte.target', 'ponte-api.service', 'ponte-worker.service', 'ponte-up.service'])
        expect(existsSync(join(debian.root, 'etc/systemd/system', unit))).toBe(true)
      first = current()
    }, 900_000)

    test('writes settings that mean what .env.example says, every one of them switched off', async () => {
      const lines = readFileSync(settings(), 'utf8').split('\n')
      expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([])
      // Switched on, the values are the defaults: no comment became part of one.
      expect(lines).toContain('#CRM_RATE_LIMIT=30')
      expect(lines).toContain('#BACKUP_KEEP=7')
    })

    test('run again changes nothing, and keeps the settings', async () => {
      appendFileSync(settings(), 'CRM_RATE_LIMIT=12\n')
      const { code, output } = await install()
      expect(code, output).toBe(0)
      expect(output).toContain('is built already')
      expect(current()).toBe(first)
      expect(readFileSync(settings(), 'utf8')).toMatch(/^CRM_RATE_LIMIT=12$/m)
    }, 300_000)

    test('refuses a Node that is not the one it knows, and leaves what is in use alone', async () => {
      const script = join(debian.root, 'src/deploy/install.sh')
      const whole = readFileSync(script, 'utf8')
      writeFileSync(script, whole.replace(/node_sum=\w{4}/g, 'node_sum=AAAA'))
      appendFileSync(join(debian.root, 'src/README.md'), '\nAnother version.\n')
      const { code, output } = await install()
      writeFileSync(script, whole)
      expect(code).toBe(1)
      expect(output).toContain('is not what it should be')
      expect(current()).toBe(first)
    }, 300_000)

    test('stays with the old version when the new one is not ready; ready, it changes over, and back again', async () => {
      appendFileSync(settings(), 'KEEP_DAYS=soon\n')
      const refused = await install()
      expect(refused.code).not.toBe(0)
      expect(refused.output).toContain('KEEP_DAYS')
      expect(current()).toBe(first)
      writeFileSync(settings(), readFileSync(settings(), 'utf8').replace('KEEP_DAYS=soon\n', ''))
      const upgraded = await install()
      expect(upgraded.code, upgraded.output).toBe(0)
      expect(upgraded.output).toMatch(/── ponte migrate.*── ponte doctor/s)
      expect(current()).not.toBe(first)
      expect(basename(readlinkSync(join(debian.root, 'opt/ponte/previous')))).toBe(first)
      const back = await install('rollback')
      expect(back.code, back.output).toBe(0)
      expect(current()).toBe(first)
    }, 900_000)
  })
