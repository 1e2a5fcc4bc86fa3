/** What the kernel does with a request that was given up while packets got lost: a real kernel, a network namespace of its own. */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const child = join(import.meta.dirname, 'lost-packets.testing.ts')
const isPossible = spawnSync('unshare', ['-n', 'iptables', '-L', 'INPUT']).status === 0

if (!isPossible) console.log('LEFT OUT: connectors/crm/lost-packets (network namespaces and iptables are not permitted here; run as root)')
else
  describe('a create that was given up while packets got lost', () => {
    let folder: string
    const file = (name: string) => join(folder, name)
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'ponte-packets-'))
      const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
      const files = ['-keyout', file('key.pem'), '-out', file('cert.pem')]
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names, ...files], { stdio: 'pipe' })
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    test.each(['http', 'https'])('never arrives over %s: the kernel forgets it together with its socket', async (scheme) => {
      const script = 'ip link set lo up && exec "$@"'
      const command = [process.execPath, child, scheme, file('key.pem'), file('cert.pem')]
      const { stdout } = await promisify(execFile)('unshare', ['-n', 'sh', '-c', script, 'sh', ...command], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: file('cert.pem') },
        timeout: 50_000,
      })
      expect(JSON.parse(stdout)).toEqual({ read: 'answer', create: 'broken', arrived: ['GET'] })
    })
  })
