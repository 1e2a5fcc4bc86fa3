/** A bare Debian 12 to install into: debootstrap's smallest, entered by chroot. Needs root. */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export interface BareDebian {
  readonly root: string
  /** Runs a command in it. @returns its exit code, and both of its outputs together */
  run(command: string, ...args: string[]): Promise<{ readonly code: number | null; readonly output: string }>
  /** Ends what runs in it, by its root, and removes it. */
  close(): void
}

export const debootstrapMissing = (): string | null => {
  if (process.getuid?.() !== 0) return 'needs root'
  return spawnSync('debootstrap', ['--version']).status === 0 ? null : 'needs apt-get install debootstrap'
}

const certificates = '/etc/ssl/certs/ca-certificates.crt'
/** A certificate authority of this machine's own, where it has one. */
const trusted = ['NODE_EXTRA_CA_CERTS', 'CURL_CA_BUNDLE'].filter((name) => process.env[name] !== undefined)

export async function bareDebian(): Promise<BareDebian> {
  const root = mkdtempSync('/var/tmp/ponte-debian-')
  // mkdtemp makes it for its owner alone; it is to be the root folder of everybody.
  chmodSync(root, 0o755)
  try {
    const made = await run(
      'debootstrap',
      '--variant=minbase',
      '--include=ca-certificates',
      'bookworm',
      root,
      'http://deb.debian.org/debian',
    )
    if (made.code !== 0) throw new Error(`debootstrap: ${made.output.slice(-2_000)}`)
    if (trusted.length > 0) copyFileSync(certificates, join(root, certificates))
    copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'))
    // Devices are plain nodes that debootstrap made: none of the machine's own is mounted, so none can be removed.
    mkdirSync(join(root, 'dev/shm'), { recursive: true })
    spawnSync('mount', ['-t', 'proc', 'proc', join(root, 'proc')])
  } catch (error) {
    close(root)
    throw error
  }
  const { PATH } = process.env
  const env = { PATH, HOME: '/root', ...Object.fromEntries(trusted.map((name) => [name, certificates])) }
  return { root, run: (command, ...args) => run('chroot', root, command, ...args, { env }), close: () => close(root) }
}

function close(root: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    if (rootOf(pid) === root) process.kill(Number(pid), 'SIGKILL')
  spawnSync('umount', ['-l', join(root, 'proc')])
  if (readFileSync('/proc/mounts', 'utf8').includes(`${root}/`)) throw new Error(`${root} is still mounted: left alone`)
  rmSync(root, { recursive: true, force: true })
}

function rootOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/root`)
  } catch {
    return null
  }
}

function run(command: string, ...given: (string | { env: NodeJS.ProcessEnv })[]): Promise<{ code: number | null; output: string }> {
  const args = given.filter((one) => typeof one === 'string')
  const options = given.find((one) => typeof one !== 'string') ?? {}
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk
      })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
