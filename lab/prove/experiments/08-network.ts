import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import { type Experiment, type ExperimentContext, type Figures, sum } from '../experiment.ts'
import { needs, tool } from '../programs.ts'
import { crmProxy, type Mode } from '../proxy.ts'
import { openRig } from '../rig.ts'

const env = { CRM_TIMEOUT_MS: '3000' }

/** What a proxy can do: resets, silence, lost answers, latency. */
async function byProxy(context: ExperimentContext): Promise<Figures> {
  const { proxy, crmUrl } = await crmProxy(context)
  const rig = await openRig(context, { crmUrl, env })
  const books = openBooks(context, rig)
  await rig.control('PUT', 'faults', { duplicatePolicy: 'accept' })
  await rig.worker()
  const spell = async (seconds: number, mode: Mode, delayMs = 0) => {
    await books.companies(25, true)
    await sleep(1_500 + context.random() * 1_500)
    Object.assign(proxy, { mode, delayMs })
    if (mode === 'reset') proxy.cut()
    await sleep(seconds * 1_000)
    Object.assign(proxy, { mode: 'open', delayMs: 0 })
  }
  const times = context.long ? 6 : 1
  await spell(4 * times, 'reset')
  await spell(8 * times, 'silent')
  await spell(8 * times, 'half')
  // Slower than the deadline: each answer comes when nobody waits for it any more.
  await spell(8 * times, 'open', 2_500)
  return books.drain(180)
}

/** What only a network can do: packets that vanish while the kernel of the sender goes on trying. */
async function byNetwork(context: ExperimentContext): Promise<Figures> {
  const [space, device] = [`prove${process.pid}`, `pv${process.pid}`]
  const inside = (...args: string[]) => tool('ip', 'netns', 'exec', space, ...args)
  const [here, there] = ['10.213.77.1', '10.213.77.2']
  tool('ip', 'netns', 'add', space)
  context.onEnd(() => tool('ip', 'netns', 'del', space))
  tool('ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
  tool('ip', 'address', 'add', `${here}/30`, 'dev', device)
  tool('ip', 'link', 'set', device, 'up')
  inside('ip', 'address', 'add', `${there}/30`, 'dev', 'eth0')
  for (const name of ['eth0', 'lo']) inside('ip', 'link', 'set', name, 'up')

  const rig = await openRig(
    { ...context, folder: `${context.folder}/network` },
    { crmPrefix: ['ip', 'netns', 'exec', space], crmHost: there, env },
  )
  const books = openBooks(context, rig)
  await rig.worker()
  const spell = async (seconds: number, ...how: string[]) => {
    await books.companies(25, true)
    await sleep(1_000 + context.random() * 2_000)
    inside('iptables', '-A', 'INPUT', ...how, '-j', 'DROP')
    await sleep(seconds * 1_000)
    inside('iptables', '-F')
  }
  const times = context.long ? 10 : 1
  for (let round = 0; round < times; round++) {
    await spell(15, '-m', 'statistic', '--mode', 'random', '--probability', '0.3')
    // Longer than the settling time: what was given up is still in the hands of the kernel.
    await spell(context.long ? 60 : 33)
  }
  return books.drain(180)
}

export const experiment: Experiment = {
  number: 8,
  title: 'the network resets, is silent, loses, is slow',
  needs: [],
  async run(context) {
    const figures = [await byProxy(context)]
    const missing = [needs.linux, needs.root, needs.program('ip', 'iproute2'), needs.program('iptables', 'iptables')].flatMap(
      (need) => need() ?? [],
    )
    if (missing.length > 0) context.leaveOut('packets dropped for 33 s, and 30 % of them lost', missing.join('; '))
    else figures.push(await byNetwork(context))
    const dropped = missing.length > 0 ? '' : '; 30 % of the packets lost, then all of them for half a minute'
    return { ...sum(...figures), did: `connections reset, everything swallowed, answers swallowed, 2.5 s of latency each way${dropped}` }
  },
}
