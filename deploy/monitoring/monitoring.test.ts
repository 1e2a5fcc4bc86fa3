/** Dashboard, rules, runbook and alerts say the same, and a real Prometheus takes all of it from a running system. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { listen } from '../../api/http/listen.ts'
import { openApi, type TestApi, tokens } from '../../api/testing/api.ts'
import { alertCodes, alerts } from '../../jobs/watch/alert-catalogue.ts'
import { BACKUP_SECONDS } from '../../jobs/watch/judge.ts'
import { globalMetrics } from '../../jobs/watch/metrics.ts'
import { readSettings } from '../env.ts'

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const rulesFile = file('ponte.rules.yml')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly runbook_url: string; readonly summary: string }
}
const { rules } = (parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: Rule[] }[] }).groups[0]!
const dashboard = JSON.parse(readFileSync(file('grafana-dashboard.json'), 'utf8')) as {
  panels: { id: number; title: string; targets: { expr: string }[] }[]
}
const expressions = [...rules.map(({ expr }) => expr), ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))]
const metricNames = [...new Set(expressions.flatMap((expr) => expr.match(/\b(ponte|process|nodejs)_[a-z0-9_]+/g) ?? []))]

function prometheusMissing(): boolean {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' })
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    console.log('LEFT OUT: deploy/monitoring with a real Prometheus (apt-get install prometheus).')
    return true
  }
}

describe('alerts, rules and runbook', () => {
  test('have the same codes, each once', () => {
    const sections = [...readFileSync(file('../RUNBOOK.md'), 'utf8').matchAll(/^## (\S+)$/gm)].map(([, code]) => code)
    expect(sections).toEqual(alertCodes)
    expect(rules.map(({ alert }) => alert).sort()).toEqual([...alertCodes].sort())
  })

  test.each(alertCodes)('%s: the runbook says what you see, what it means, what to do, when it is over; the rule leads there', (code) => {
    const section = readFileSync(file('../RUNBOOK.md'), 'utf8').split(`## ${code}\n`)[1]!.split('\n## ')[0]!
    for (const part of ['You see', 'It means', 'Do', 'It is over when']) expect(section).toContain(`**${part}** `)
    const rule = rules.find(({ alert }) => alert === code)!
    expect(rule.annotations.runbook_url).toBe(`deploy/RUNBOOK.md#${code}`)
    expect(rule.labels.severity).toBe(alerts[code].severity)
  })

  test("the rules have the limits that Ponte's own alerts have by default", () => {
    const { lagMinutes, deadPerHour, conflictsPerHour, diskFreePercent } = readSettings({}).watch.alerts.limits
    const exprOf = (code: string) => rules.find(({ alert }) => alert === code)!.expr
    expect(exprOf('lag_over_limit').match(/>= (\d+)/g)).toEqual(Array(2).fill(`>= ${lagMinutes * 60}`))
    expect(exprOf('falhas_growing')).toMatch(new RegExp(`>= ${deadPerHour}$`))
    expect(exprOf('conflicts_many')).toMatch(new RegExp(`>= ${conflictsPerHour}$`))
    expect(exprOf('backup_missing')).toMatch(new RegExp(`>= ${BACKUP_SECONDS}$`))
    expect(exprOf('disk_low')).toMatch(new RegExp(`< ${diskFreePercent}$`))
  })

  test('Prometheus asks where compose and the units let API and worker answer', () => {
    const compose = parse(readFileSync(file('../docker-compose.yml'), 'utf8'), { merge: true })
    const published = ['api', 'worker'].map((name) => compose.services[name].ports[0].replace(/\$\{\w+:-(.*?)\}/g, '$1'))
    const { port } = readSettings({}).api
    const unit = /^Environment=METRICS_PORT=(\d+)$/m.exec(readFileSync(file('../systemd/ponte-worker.service'), 'utf8'))![1]
    const scraped = parse(readFileSync(file('prometheus.yml'), 'utf8')).scrape_configs[0].static_configs[0].targets
    expect(scraped).toEqual([`127.0.0.1:${port}`, `127.0.0.1:${unit}`])
    expect(published).toEqual(scraped.map((target: string) => `${target}:${target.split(':')[1]}`))
    expect(compose.services.worker.environment.METRICS_PORT).toBe(unit)
  })

  test('commands that the runbook names exist', () => {
    const named = [...readFileSync(file('../RUNBOOK.md'), 'utf8').matchAll(/`ponte ([a-z]+)/g)].map(([, name]) => name!)
    const sources = readdirSync(file('../../cli'), { recursive: true, encoding: 'utf8' }).filter((name) => /^[a-z/-]+\.ts$/.test(name))
    const commands = sources.map((name) => readFileSync(file(`../../cli/${name}`), 'utf8')).join('\n')
    for (const name of new Set(named)) expect(commands.includes(`.command('${name}'`), `ponte ${name}`).toBe(true)
  })
})

describe('on a running system', () => {
  let it: TestApi
  let server: { url: string; close(): Promise<void> }
  beforeAll(async () => {
    it = await openApi()
    server = await listen(it.app, { host: '127.0.0.1', port: 0, trustedProxies: [] })
  })
  afterAll(async () => {
    await server.close()
    await it.close()
  })
  const scraped = async () => (await it.ask('GET', '/metrics', { as: 'read' })).text

  test('every metric that dashboard and rules name is in /metrics, and every shared metric is on the dashboard', async () => {
    const families = new Map([...(await scraped()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]))
    const exists = (name: string) =>
      ['gauge', 'counter', 'unknown'].includes(families.get(name) ?? '') ||
      families.get(name.replace(/_total$/, '')) === 'counter' ||
      families.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram'
    expect(metricNames.length).toBeGreaterThan(30)
    expect(metricNames.filter((name) => !exists(name))).toEqual([])
    expect(globalMetrics.filter(({ name }) => !metricNames.includes(name)).map(({ name }) => name)).toEqual([])
  })

  test('panels have ids and titles of their own', () => {
    const { panels } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
  })

  if (!prometheusMissing()) {
    test('promtool takes rules and configuration', () => {
      expect(execFileSync('promtool', ['check', 'rules', rulesFile], { encoding: 'utf8' })).toContain(
        `SUCCESS: ${rules.length} rules found`,
      )
      execFileSync('promtool', ['check', 'config', '--syntax-only', file('prometheus.yml')])
    })

    test('a real Prometheus scrapes it, and evaluates every rule and every panel without an error', { timeout: 120_000 }, async () => {
      const prometheus = await startPrometheus(server.url)
      try {
        const ask = async (path: string) =>
          (await fetch(`${prometheus.url}/api/v1/${path}`)).json() as Promise<{ status: string; data: never; error?: string }>
        const targets = () => ask('targets') as Promise<{ data: { activeTargets?: { health: string; lastError: string }[] } }>
        for (let now = await targets(); now.data.activeTargets?.[0]?.health !== 'up'; now = await targets()) {
          expect(now.data.activeTargets?.[0]?.lastError ?? '').toBe('')
          await new Promise((resolve) => setTimeout(resolve, 200))
        }
        for (const expr of expressions) expect((await ask(`query?query=${encodeURIComponent(expr)}`)).error, expr).toBeUndefined()
        const health = async () =>
          (
            (await ask('rules')) as { data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] } }
          ).data.groups.flatMap((group) => group.rules)
        while ((await health()).some((rule) => rule.health === 'unknown')) await new Promise((resolve) => setTimeout(resolve, 200))
        expect((await health()).filter((rule) => rule.health !== 'ok')).toEqual([])
      } finally {
        await prometheus.close()
      }
    })
  }
})

async function startPrometheus(target: string): Promise<{ url: string; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'ponte-prometheus-'))
  const config = readFileSync(file('prometheus.yml'), 'utf8')
    .replaceAll('15s', '1s')
    .replace('ponte.rules.yml', rulesFile)
    .replace('/etc/prometheus/ponte.token', join(folder, 'token'))
    .replace(/targets: \[.*\]/, `targets: ['${new URL(target).host}']`)
  writeFileSync(join(folder, 'token'), tokens.read, { mode: 0o600 })
  writeFileSync(join(folder, 'prometheus.yml'), config)
  const port = await freePort()
  const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`]
  const child: ChildProcess = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  while (
    !(await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    url,
    async close() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
