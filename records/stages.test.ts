import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bridge, openBridge } from '../jobs/testing/bridge.ts'
import { type Stages, stagesOf } from './stages.ts'

let bridge: Bridge
let stages: Stages
beforeAll(async () => {
  bridge = await openBridge()
  stages = stagesOf(await bridge.context.erp.stages())
})
afterAll(() => bridge.close())

test('finds a stage by each of its spellings: no-break spaces, blanks at the ends, case, the short and the English name', () => {
  for (const text of ['Ativação', 'Ativação\u00a0', ' ativação ', '\u00a0ATIVAÇÃO', 'Activation', 'Ativac\u0327a\u0303o'])
    expect(stages.find(text), text).toMatchObject({ name: 'Ativação', position: 6, integrated: true, sold: true })
  for (const text of ['Pesquisa', 'Pesquisa (filtro 1)', 'Pesquisa\u00a0(filtro\u00a01)'])
    expect(stages.find(text), text).toMatchObject({ name: 'Pesquisa (filtro 1)', position: 2, integrated: false })
})

test('keeps three stages in step, and knows the order of all', () => {
  const order = [
    'Descartado',
    'Novos leads',
    'Pesquisa',
    'Prospecção',
    'Passagem de bastão',
    'Desenvolvimento/Orçamento',
    'Ativação',
    'Retenção/Expansão',
  ]
  expect(order.map((name) => stages.find(name)?.position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(order.filter((name) => stages.isIntegrated(name))).toEqual(['Desenvolvimento/Orçamento', 'Ativação', 'Retenção/Expansão'])
})

test('does not know others, and none is none', () => {
  for (const text of ['Ativacao', 'Ativação 2', '', '__proto__', 'constructor', null]) {
    expect(stages.find(text)).toBeNull()
    expect(stages.isIntegrated(text)).toBe(false)
  }
})

test('a spelling that a company adds to its table is known, without a change of code', async () => {
  await bridge.erp.query(`insert into crm_stages (alias, name, position, integrated, sold) values ('Em obra', 'Ativação', 6, 'S', 'S')`)
  expect(stagesOf(await bridge.context.erp.stages()).isIntegrated('EM OBRA')).toBe(true)
})
