/** What the system says of a process, and some statistics. */
import { readdirSync, readFileSync } from 'node:fs'
import { tool } from './programs.ts'

export function residentMb(pid: number): number {
  if (process.platform !== 'linux') return Number(tool('ps', '-o', 'rss=', '-p', String(pid))) / 1024
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** Open files and sockets; 0 where the system does not say. */
export const openFiles = (pid: number): number => (process.platform === 'linux' ? readdirSync(`/proc/${pid}/fd`).length : 0)

/** Per step, by least squares. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const up = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0)
  return up / values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
}

/** @param share from 0 to 1; 0.99: what 99 of 100 stay below */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0
