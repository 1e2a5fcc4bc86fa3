/**
 * `npm test`: lint, types, build, every suite; then one plain line for machines. Names every suite it left out and how to
 * get it. With CI=true nothing may be left out. PONTE_TEST_LONG=1 (`npm run test:long`) raises counts to the full ones
 * and draws a new seed; PONTE_TEST_SEED names one.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testSeed } from '../base/testing/random.ts'

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly numFailedTestSuites: number
  readonly success: boolean
}

const root = new URL('..', import.meta.url).pathname
const bin = (name: string) => join(root, 'node_modules/.bin', name)

/** Runs a step, passing its output through; answers its exit code and the lines that name something left out. */
function step(title: string, command: string, args: readonly string[]): Promise<{ ok: boolean; leftOut: string[] }> {
  const startedAt = performance.now()
  process.stdout.write(`\n── ${title}\n`)
  return new Promise((resolve, reject) => {
    // Hundreds of processes load the same packages: compiled once.
    const env = { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'), ...process.env, TZ: 'UTC' }
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
      process.stdout.write(chunk)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      process.stdout.write(
        `── ${title}: ${code === 0 ? 'ok' : `exit ${code}`} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`,
      )
      resolve({ ok: code === 0, leftOut: output.split('\n').filter((line) => line.includes('LEFT OUT')) })
    })
  })
}

const only = process.argv.slice(2)
if (process.env.PONTE_TEST_LONG === '1') process.env.PONTE_TEST_SEED ??= String(randomInt(1_000_000))
process.stdout.write(`Seed of the random suites: ${testSeed()} (PONTE_TEST_SEED).\n`)
const folder = mkdtempSync(join(tmpdir(), 'ponte-tests-'))
const reportFile = join(folder, 'report.json')
const checks = [
  await step('lint', bin('biome'), ['check', '.']),
  await step('types', bin('tsc'), ['--noEmit', '-p', '.']),
  await step('tests', bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...only]),
]
let report: VitestReport | null = null
try {
  report = JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport
} catch {
  process.stdout.write('The test runner left no report: it did not end by itself.\n')
}
rmSync(folder, { recursive: true, force: true })

const leftOut = [...new Set(checks.flatMap((check) => check.leftOut))]
for (const line of leftOut) process.stdout.write(`${line.trim()}\n`)
process.stdout.write(leftOut.length === 0 ? '\nLeft out: nothing.\n' : `\nLeft out: ${leftOut.length} (named above).\n`)

const failedSteps = checks.filter((check) => !check.ok).length
const passed = report?.numPassedTests ?? 0
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0) + leftOut.length
const failed = Math.max(report?.numFailedTests ?? 1, failedSteps)
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exitCode = failed > 0 || passed === 0 || (process.env.CI === 'true' && skipped > 0) ? 1 : 0
