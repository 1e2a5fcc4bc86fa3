/** The files that install Ponte, as the tools that read them see them: compose, systemd, the shell. No container or unit is started. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readSettings } from './env.ts'
import { composeClient, composeConfig, composeMissing } from './testing/config.ts'

const folder = fileURLToPath(new URL('./', import.meta.url))
const text = (name: string) => readFileSync(join(folder, name), 'utf8')
const units = ['ponte-api.service', 'ponte-worker.service', 'ponte-up.service'] as const
const runs = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8' })

let scratch: string
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'ponte-deploy-'))
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

const client = composeClient()
if (client === null) console.log(`LEFT OUT: deploy/docker-compose.yml by compose itself (${composeMissing})`)
else
  describe('docker-compose config', () => {
    test('accepts the file as it is: API, worker, Redis, state, each with a health check and a limit', () => {
      const { status, stdout, stderr } = composeConfig(client, folder)
      expect(stderr).toBe('')
      expect(status).toBe(0)
      for (const service of ['api', 'worker', 'redis', 'state']) expect(stdout).toMatch(new RegExp(`^  ${service}:$`, 'm'))
      const simulated = composeConfig(client, folder, { args: ['--profile', 'simulator'] }).stdout
      expect(simulated.match(/healthcheck:/g)).toHaveLength(5)
      expect(simulated.match(/mem_limit:/g)).toHaveLength(5)
      expect(stdout.match(/UV_THREADPOOL_SIZE/g)).toHaveLength(2)
      // To this machine alone: there is no TLS before the proxy.
      expect(stdout.match(/127\.0\.0\.1:(5000:5000|8080:8080|9464:9464)|host_ip: 127\.0\.0\.1/g)).toHaveLength(3)
    })

    test('hands settings of an operator on, and no secret but as a file', () => {
      cpSync(folder, join(scratch, 'deploy'), { recursive: true })
      writeFileSync(join(scratch, 'deploy/ponte.env'), 'CRM_RATE_LIMIT=12\nBACKUP_KEEP=3\n')
      const { status, stdout } = composeConfig(client, join(scratch, 'deploy'), {
        env: { PONTE_ENV_FILE: 'ponte.env', WORKER_MEMORY: '16g', WORKER_METRICS_PORTS: '9464-9466' },
      })
      expect(status).toBe(0)
      expect(stdout.match(/CRM_RATE_LIMIT: ["']12["']/g)).toHaveLength(2)
      expect(stdout).toMatch(/mem_limit: (16g|["']?17179869184)/)
      // A port for each of three workers (--scale worker=3).
      expect(stdout).toMatch(/127\.0\.0\.1:9464-9466:9464|published: ["']?9464-9466/)
      for (const name of ['API_TOKEN', 'PONTE_TOKENS', 'STATE_DATABASE_URL', 'POSTGRES_PASSWORD'])
        expect(stdout.match(new RegExp(`${name}: .*`, 'g')) ?? []).toEqual([])
    })
  })

test('the secrets that compose wants are made once, for their readers alone, and are accepted as settings', () => {
  for (const name of ['make-secrets.sh', 'docker-compose.yml']) cpSync(join(folder, name), join(scratch, name))
  expect(runs('sh', join(scratch, 'make-secrets.sh')).status).toBe(0)
  const wanted = [...text('docker-compose.yml').matchAll(/file: \.\/secrets\/(\w+)/g)].map(([, name]) => name!)
  const made = readdirSync(join(scratch, 'secrets'))
  expect(made.sort()).toEqual(wanted.sort())
  for (const name of made) expect(statSync(join(scratch, 'secrets', name)).mode & 0o007).toBe(0)
  const file = (name: string) => join(scratch, 'secrets', name)
  const settings = readSettings({
    STATE_DATABASE_URL_FILE: file('state_database_url'),
    API_URL: 'http://crm-simulator:8900/v3/',
    API_TOKEN_FILE: file('api_token'),
    PONTE_TOKENS_FILE: file('ponte_tokens'),
    WEBHOOK_SECRETS_FILE: file('webhook_secrets'),
  })
  expect(settings.api.tokens).toMatchObject([{ name: 'crm', scope: 'webhook' }])
  const before = made.map((name) => readFileSync(file(name), 'utf8'))
  expect(runs('sh', join(scratch, 'make-secrets.sh')).stdout).toBe('')
  expect(made.map((name) => readFileSync(file(name), 'utf8'))).toEqual(before)
})

if (runs('systemd-analyze', '--version').status !== 0)
  console.log('LEFT OUT: deploy/systemd by systemd-analyze verify (needs apt-get install systemd)')
else
  describe('systemd-analyze verify', () => {
    /** The units with commands and folders that are here: it looks for what they run. */
    function prepared(): string[] {
      cpSync(join(folder, 'systemd'), scratch, { recursive: true })
      for (const name of units) {
        const unit = join(scratch, name)
        writeFileSync(
          unit,
          readFileSync(unit, 'utf8')
            .replaceAll('/opt/ponte/current/bin/node', process.execPath)
            .replaceAll('/opt/ponte/current/app/deploy/README.md', join(folder, 'README.md')),
        )
        chmodSync(unit, 0o644)
      }
      return [...units, 'ponte.target'].map((name) => join(scratch, name))
    }

    test('accepts the units without a word', () => {
      const { status, stdout, stderr } = runs('systemd-analyze', 'verify', '--man=no', ...prepared())
      expect(`${stdout}${stderr}`).toBe('')
      expect(status).toBe(0)
    })

    test('would say so if one were wrong', () => {
      const paths = prepared()
      writeFileSync(paths[0]!, readFileSync(paths[0]!, 'utf8').replace('PrivateTmp=yes', 'PrivateTmpp=yes'))
      expect(runs('systemd-analyze', 'verify', '--man=no', ...paths).stderr).toContain('PrivateTmpp')
    })

    test.each(units)('%s is exposed to little', (name) => {
      prepared()
      const { stdout } = runs('systemd-analyze', 'security', '--offline=true', '--no-pager', join(scratch, name))
      const exposure = Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])
      expect(exposure, stdout).toBeLessThan(2.5)
    })
  })

test('images are pinned, and nothing runs as root', () => {
  const images = [...text('docker-compose.yml').matchAll(/image: (.*)/g), ...text('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(
    ([, image]) => image,
  )
  expect(images).toHaveLength(6)
  for (const image of images) expect(image).toMatch(/^[\w-]+:\d+\.\d+(\.\d+)?(-[\w-]+)?$/)
  expect(
    text('Dockerfile')
      .split(/^FROM /m)
      .at(-1),
  ).toMatch(/^USER node$/m)
  for (const unit of units) expect(text(`systemd/${unit}`)).toMatch(/^User=ponte$/m)
})

test('one Node is shipped everywhere, the one that runs the scripts of a clone', () => {
  const { version, optionalDependencies } = JSON.parse(text('node/package.json')) as {
    version: string
    optionalDependencies: Record<string, string>
  }
  expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([version]))
  expect(text('install.sh')).toMatch(new RegExp(`^node_version=${version}$`, 'm'))
  for (const name of ['Dockerfile', 'coreintegrator/Dockerfile'])
    expect(text(name).match(/^FROM \S+/gm)).toEqual(Array(2).fill(`FROM node:${version}-bookworm-slim`))
  expect(text('../.github/workflows/ci.yml')).toContain(`image: node:${version}-bookworm\n`)
})
