/** The compose file as compose itself reads it: the names, ports and order that its users know. No container is started. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { composeClient, composeConfig, composeMissing } from '../testing/config.ts'

const folder = fileURLToPath(new URL('./', import.meta.url))
const text = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

const client = composeClient()

function config(env: Record<string, string> = {}): string {
  const { status, stdout, stderr } = composeConfig(client!, folder, { env })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout
}

if (client === null) console.log(`LEFT OUT: deploy/coreintegrator compose config (${composeMissing})`)
else
  describe('docker-compose config', () => {
    test('accepts the file, with the names, ports and order of the specification', () => {
      const read = config()
      for (const name of ['erp-mysql', 'magic-integration', 'coreintegrator-crm']) expect(read).toContain(`container_name: ${name}\n`)
      for (const [outside, inside] of [
        [3307, 3306],
        [3000, 3000],
      ])
        expect(read).toMatch(new RegExp(`:${outside}:${inside}/tcp|target: ${inside}\\s+published: "${outside}"`))
      expect(read.match(/condition: service_healthy/g)).toHaveLength(2)
      expect(read.match(/healthcheck:/g)).toHaveLength(3)
      expect(read).toMatch(/^volumes:[\s\S]*mysql_data:/m)
    })

    test('takes passwords and the failure rate from the environment', () => {
      const read = config({ MYSQL_ROOT_PASSWORD: 'root-of-mine', DB_PASSWORD: 'user-of-mine', FAILURE_RATE: '0.05' })
      expect(read).toMatch(/MYSQL_ROOT_PASSWORD: root-of-mine/)
      expect(read.match(/PASSWORD: user-of-mine/g)).toHaveLength(2)
      expect(read).toMatch(/FAILURE_RATE: ["']0\.05["']/)
    })
  })

describe('the files of deploy/coreintegrator', () => {
  test('hold no password but as a default of a variable', () => {
    const given = text('docker-compose.yml').match(/PASSWORD: .*/g)!
    expect(given).toHaveLength(3)
    for (const line of given) expect(line).toMatch(/PASSWORD: \$\{\w+:-\w+\}$/)
  })

  test('pin every image to a version, and the service does not run as root', () => {
    const images = [...text('docker-compose.yml').matchAll(/image: (.*)/g), ...text('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(
      ([, image]) => image,
    )
    expect(images).toHaveLength(5)
    for (const image of images) expect(image).toMatch(/^[\w-]+:\d+\.\d+\.\d+(-[\w-]+)?$/)
    expect(text('Dockerfile').match(/^FROM node:26\.12\.1-/gm)).toHaveLength(2)
    expect(
      text('Dockerfile')
        .split(/^FROM /m)
        .at(-1),
    ).toMatch(/^USER node$/m)
  })

  test('reset this project and no other', () => {
    expect(text('README.md')).toContain('docker compose down -v')
    expect(text('README.md')).not.toMatch(/prune/)
  })
})
