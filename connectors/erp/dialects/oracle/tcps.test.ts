/** TCPS as the URL says it: the real driver in thin mode, a wallet, TLS to the simulated Oracle. The certificates are made here, by openssl. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowsOf, scriptedBackend } from '../../../../lab/simulators/oracle-wire/scripted-backend.ts'
import { type OracleSimulator, startOracleSimulator } from '../../../../lab/simulators/oracle-wire/simulator.ts'
import { oracleErp } from './erp.ts'

const KEY_PASSWORD = 'wallet-s3cret'
let home: string
let server: OracleSimulator
let stranger: OracleSimulator

const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: home, stdio: 'pipe' })
const read = (name: string) => readFileSync(join(home, name), 'utf8')

/** A certificate authority `<name>.pem`, `<name>.key`. */
function authority(name: string): void {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
  )
}

/** A certificate signed by an authority. */
function certificate(name: string, by: string, names: string): void {
  writeFileSync(join(home, `${name}.ext`), `subjectAltName=${names}\n`)
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
  openssl(
    ...['x509', '-req', '-days', '2', '-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'].concat(
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    ),
  )
}

/** A folder with an ewallet.pem as orapki exports it: the client's key under a password, its certificate, the authority. */
function wallet(name: string, by: string): string {
  const folder = join(home, name)
  mkdirSync(folder)
  openssl('pkcs8', '-topk8', '-in', 'client.key', '-passout', `pass:${KEY_PASSWORD}`, '-out', `${name}.p8`)
  writeFileSync(join(folder, 'ewallet.pem'), read(`${name}.p8`) + read('client.pem') + read(`${by}.pem`))
  return folder
}

/** Its clients must show a certificate of our authority. */
const start = (name: string) =>
  startOracleSimulator({
    backend: scriptedBackend([{ match: /from dual/i, run: () => rowsOf([{ name: 'ONE', type: 'NUMBER' }], [['1']]) }]),
    users: { ponte: 's3cret' },
    tls: { key: read(`${name}.key`), cert: read(`${name}.pem`), ca: read('ours.pem'), requestCert: true, rejectUnauthorized: true },
  })

const ping = async (port: number, parameters: Record<string, string>, host = 'localhost') => {
  const erp = oracleErp({ url: `oracle://ponte:s3cret@${host}:${port}/PONTE?${new URLSearchParams(parameters)}` })
  try {
    await erp.ping()
    return 'answers'
  } catch (error) {
    const { code, message, hint, cause } = error as { code: string; message: string; hint: string; cause: unknown }
    expect(`${message} ${hint} ${String(cause)}`).not.toContain('s3cret')
    return { code, message, hint }
  } finally {
    await erp.close()
  }
}

describe('TCPS to an Oracle', () => {
  let ours: Record<string, string>
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ponte-tcps-'))
    for (const name of ['ours', 'theirs']) authority(name)
    certificate('server', 'ours', 'DNS:localhost')
    certificate('stranger', 'ours', 'DNS:erp.example.com')
    certificate('client', 'ours', 'DNS:ponte')
    ours = { protocol: 'tcps', wallet: wallet('wallet', 'ours'), wallet_password: KEY_PASSWORD }
    server = await start('server')
    stranger = await start('stranger')
  }, 60_000)
  afterAll(async () => {
    await server.close()
    await stranger.close()
    rmSync(home, { recursive: true, force: true })
  })

  test('connects with the wallet and its password, to the name that the certificate has', async () => {
    expect(await ping(server.port, ours)).toBe('answers')
  })

  test('refuses a server whose certificate names another host, and says what to check', async () => {
    expect(await ping(stranger.port, ours)).toMatchObject({ code: 'erp.tls', hint: expect.stringContaining('certificate names the host') })
  })

  test('refuses a server whose authority is not in the wallet', async () => {
    expect(await ping(server.port, { ...ours, wallet: wallet('foreign', 'theirs') })).toMatchObject({ code: 'erp.tls' })
  })

  test('says so when the wallet is not there, or its password is wrong', async () => {
    expect(await ping(server.port, { ...ours, wallet: join(home, 'nowhere') })).toMatchObject({ code: 'erp.tls' })
    expect(await ping(server.port, { ...ours, wallet_password: 'wallet-s3cret-no' })).toMatchObject({ code: 'erp.tls' })
  })

  test('plain TCP to its port is out of reach, at once', async () => {
    expect(await ping(server.port, {})).toMatchObject({ code: 'erp.unreachable' })
  })
})
