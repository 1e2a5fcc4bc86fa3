/** Asks the tools that read our deployment files what they make of them. */
import { spawnSync } from 'node:child_process'

const runs = (command: string, args: readonly string[]): boolean => spawnSync(command, [...args]).status === 0

/** Docker's plugin, or Debian's docker-compose; null: neither is here. */
export function composeClient(): readonly string[] | null {
  return [['docker', 'compose'], ['docker-compose']].find(([command, ...args]) => runs(command!, [...args, 'version'])) ?? null
}

/** What compose makes of the file in `folder`. @returns its normalised text and complaints */
export function composeConfig(
  client: readonly string[],
  folder: string,
  options: { readonly env?: Record<string, string>; readonly args?: readonly string[] } = {},
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const [command, ...args] = client
  const { PATH, HOME } = process.env
  const { status, stdout, stderr } = spawnSync(command!, [...args, ...(options.args ?? []), 'config'], {
    cwd: folder,
    env: { PATH, HOME, ...options.env },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

export const composeMissing = 'needs docker compose, or apt-get install docker-compose'
