/** The three-way decision as a table, the spellings of both sides, and that one decision is enough. */

import { describe, expect, test } from 'vitest'
import fc from '../../base/testing/fast-check.ts'
import type { Cell, Row } from '../../engine/model.ts'
import { applyRule } from '../../engine/rules.ts'
import { contactFields } from '../../records/contact.ts'
import type { Field } from '../../records/kind.ts'
import { leadInboundFields } from '../../records/lead.ts'
import { exempt, unknownRep } from '../../records/rules.ts'
import { type Decision, decide, decideContact, decideLead, isKnown, type Sides } from './reconcile.ts'

const fieldNamed = (name: string): Field => [...leadInboundFields, ...contactFields].find((field) => field.name === name)!

/** One field of each flow and owner. */
const kinds = {
  'to-crm, ERP': fieldNamed('ADDRESS_STREET'),
  'both, CRM': fieldNamed('JOB_TITLE'),
  'both, ERP': fieldNamed('FINANCIAL_ANALYSIS'),
  'to-erp, CRM': fieldNamed('PHONE'),
  'mirror only': fieldNamed('SOURCE'),
}
type Kind = keyof typeof kinds

/** Letters of the table: `-` the side is not there at all, `.` it holds nothing. */
const values: Record<string, string | null> = { X: '1001', Y: '2002', Z: '3003', '.': null }

/** mirror, ledger, ERP, CRM */
const cases = {
  'nobody moved': 'X X X X',
  'the ERP moved': 'X X Y X',
  'the CRM moved': 'X X X Y',
  'both moved to the same': 'X X Y Y',
  'both moved apart': 'X X Y Z',
  'emptied in the CRM': 'X X X .',
  'emptied in the ERP': 'X X . X',
  'emptied in the CRM, moved in the ERP': 'X X Y .',
  'emptied in both': 'X X . .',
  'no ledger yet, the CRM moved': 'X - X Y',
  'no ledger yet, the ERP moved': 'X - Y X',
  'no ledger yet, both apart': 'X - Y Z',
  'left the mirror, nobody moved': '- X X X',
  'left the mirror, the ERP moved': '- X Y X',
  'left the mirror, the CRM moved': '- X X Y',
  'left the mirror, both apart': '- X Y Z',
  'met for the first time, the same': '- - X X',
  'met for the first time, apart': '- - X Y',
  'met for the first time, empty in the CRM': '- - X .',
  'met for the first time, empty in the ERP': '- - . X',
  'not in the ERP, new': '- - - X',
  'not in the ERP, mirrored': 'X X - X',
  'not in the ERP, mirrored, the CRM moved': 'X X - Y',
  'killed before the ledger': 'Y X Y Y',
  'killed before the ledger, then the CRM moved': 'Y X Y Z',
}
type Case = keyof typeof cases

const table: Record<Case, Record<Kind, string>> = {
  'nobody moved': row('agreed X', 'agreed X', 'agreed X', 'agreed X', 'nothing'),
  'the ERP moved': row('send', 'send', 'send', 'nothing', 'nothing'),
  'the CRM moved': row('quiet Y, send', 'loud Y, agreed Y', 'loud Y, agreed Y', 'loud Y, agreed Y', 'quiet Y'),
  'both moved to the same': row('quiet Y, agreed Y', 'quiet Y, agreed Y', 'quiet Y, agreed Y', 'quiet Y, agreed Y', 'quiet Y'),
  'both moved apart': row(
    'quiet Z, send, conflict: erp wins',
    'loud Z, agreed Z, conflict: crm wins',
    'quiet Z, send, conflict: erp wins',
    'loud Z, agreed Z, conflict: crm wins',
    'quiet Z',
  ),
  // A null never erases a value of the ERP.
  'emptied in the CRM': row('quiet ., send', 'quiet ., send', 'quiet ., send', 'quiet .', 'quiet .'),
  'emptied in the ERP': row('send', 'send', 'send', 'nothing', 'nothing'),
  'emptied in the CRM, moved in the ERP': row('quiet ., send', 'quiet ., send', 'quiet ., send', 'quiet .', 'quiet .'),
  'emptied in both': row('quiet ., agreed .', 'quiet ., agreed .', 'quiet ., agreed .', 'quiet ., agreed .', 'quiet .'),
  'no ledger yet, the CRM moved': row('quiet Y, send', 'loud Y, agreed Y', 'loud Y, agreed Y', 'loud Y, agreed Y', 'quiet Y'),
  'no ledger yet, the ERP moved': row('send', 'send', 'send', 'nothing', 'nothing'),
  'no ledger yet, both apart': row(
    'quiet Z, send, conflict: erp wins',
    'loud Z, agreed Z, conflict: crm wins',
    'quiet Z, send, conflict: erp wins',
    'loud Z, agreed Z, conflict: crm wins',
    'quiet Z',
  ),
  'left the mirror, nobody moved': row('quiet X, agreed X', 'quiet X, agreed X', 'quiet X, agreed X', 'quiet X, agreed X', 'quiet X'),
  'left the mirror, the ERP moved': row('quiet X, send', 'quiet X, send', 'quiet X, send', 'quiet X', 'quiet X'),
  'left the mirror, the CRM moved': row('quiet Y, send', 'loud Y, agreed Y', 'loud Y, agreed Y', 'loud Y, agreed Y', 'quiet Y'),
  'left the mirror, both apart': row(
    'quiet Z, send, conflict: erp wins',
    'loud Z, agreed Z, conflict: crm wins',
    'quiet Z, send, conflict: erp wins',
    'loud Z, agreed Z, conflict: crm wins',
    'quiet Z',
  ),
  'met for the first time, the same': row('quiet X, agreed X', 'quiet X, agreed X', 'quiet X, agreed X', 'quiet X, agreed X', 'quiet X'),
  // Two records that never met do not contradict each other: the owner's value counts, no conflict is listed.
  'met for the first time, apart': row('quiet Y, send', 'loud Y, agreed Y', 'quiet Y, send', 'loud Y, agreed Y', 'quiet Y'),
  'met for the first time, empty in the CRM': row('send', 'send', 'send', 'nothing', 'nothing'),
  'met for the first time, empty in the ERP': row('quiet X, send', 'loud X, agreed X', 'loud X, agreed X', 'loud X, agreed X', 'quiet X'),
  'not in the ERP, new': row('loud X, agreed X', 'loud X, agreed X', 'loud X, agreed X', 'loud X, agreed X', 'quiet X'),
  'not in the ERP, mirrored': row('nothing', 'nothing', 'nothing', 'nothing', 'nothing'),
  'not in the ERP, mirrored, the CRM moved': row('loud Y, agreed Y', 'loud Y, agreed Y', 'loud Y, agreed Y', 'loud Y, agreed Y', 'quiet Y'),
  // Mirror and ERP were written in one transaction, the ledger was not: that one move must not count twice, on neither side.
  'killed before the ledger': row('agreed Y', 'agreed Y', 'agreed Y', 'agreed Y', 'nothing'),
  'killed before the ledger, then the CRM moved': row(
    'quiet Z, send',
    'loud Z, agreed Z',
    'loud Z, agreed Z',
    'loud Z, agreed Z',
    'quiet Z',
  ),
}

function row(...said: [string, string, string, string, string]): Record<Kind, string> {
  return Object.fromEntries(Object.keys(kinds).map((kind, index) => [kind, said[index]])) as Record<Kind, string>
}

describe('the decision of one field', () => {
  for (const [name, letters] of Object.entries(cases) as [Case, string][])
    for (const [kind, field] of Object.entries(kinds) as [Kind, Field][])
      test(`${name} (${letters}); ${kind}: ${table[name][kind]}`, () => {
        expect(say(decide([field], sidesOf(field, letters), new Set()), field)).toBe(table[name][kind])
      })

  function sidesOf(field: Field, letters: string): Sides {
    const [mirror, agreed, erp, crm] = letters.split(' ').map((letter) => (letter === '-' ? null : { [field.name]: values[letter]! }))
    return { mirror: mirror!, agreed: agreed!, erp: erp!, crm: crm! }
  }

  function say({ write, agreed, send, conflicts }: Decision, { name }: Field): string {
    const letter = (value: Cell | undefined) => Object.keys(values).find((one) => values[one] === value)
    const parts = [
      ...(name in write.quiet ? [`quiet ${letter(write.quiet[name])}`] : []),
      ...(name in write.loud ? [`loud ${letter(write.loud[name])}`] : []),
      ...(name in agreed ? [`agreed ${letter(agreed[name])}`] : []),
      ...(send.includes(name) ? ['send'] : []),
      ...conflicts.map(({ winner }) => `conflict: ${winner} wins`),
    ]
    return parts.length === 0 ? 'nothing' : parts.join(', ')
  }
})

test('X, then Y, then X again counts as a move each time, because Y became agreed in between', () => {
  const field = fieldNamed('JOB_TITLE')
  let [mirror, erp, agreed]: Row[] = [{ JOB_TITLE: 'X' }, { JOB_TITLE: 'X' }, { JOB_TITLE: 'X' }]
  for (const value of ['Y', 'X', 'Y']) {
    const decision = decide([field], { crm: { JOB_TITLE: value }, mirror: mirror!, agreed: agreed!, erp: erp! }, new Set())
    expect(decision.write.loud).toEqual({ JOB_TITLE: value })
    mirror = { ...mirror, ...decision.write.loud }
    erp = { ...erp, ...decision.write.loud }
    agreed = { ...agreed, ...decision.agreed }
  }
})

describe('a value that we sent without learning whether the CRM took it', () => {
  const field = fieldNamed('JOB_TITLE')
  const decision = (mirror: string, erp: string, crm: string) =>
    decide(
      [field],
      {
        mirror: { JOB_TITLE: mirror },
        agreed: { JOB_TITLE: mirror },
        erp: { JOB_TITLE: erp },
        crm: { JOB_TITLE: crm },
        sent: { JOB_TITLE: 'Y' },
      },
      new Set(),
    )

  test('is no change of the CRM’s users: what the ERP says by now is sent', () => {
    expect(decision('X', 'Z', 'Y')).toEqual({
      write: { quiet: { JOB_TITLE: 'Y' }, loud: {} },
      agreed: {},
      send: ['JOB_TITLE'],
      conflicts: [],
    })
    expect(decision('X', 'X', 'Y')).toMatchObject({ write: { quiet: { JOB_TITLE: 'Y' }, loud: {} }, send: ['JOB_TITLE'] })
  })

  test('is agreed where the ERP holds it still, and sent again where it did not arrive', () => {
    expect(decision('X', 'Y', 'Y')).toMatchObject({ write: { quiet: { JOB_TITLE: 'Y' }, loud: {} }, agreed: { JOB_TITLE: 'Y' }, send: [] })
    expect(decision('X', 'Y', 'X')).toMatchObject({ write: { quiet: {}, loud: {} }, agreed: {}, send: ['JOB_TITLE'] })
  })

  test('does not hide what a user of the CRM said instead', () => {
    expect(decision('X', 'Y', 'Z')).toMatchObject({ write: { loud: { JOB_TITLE: 'Z' } }, conflicts: [{ winner: 'crm' }] })
  })
})

test('a ledger that knows nothing of a field is no ledger of it: two records that meet do not conflict', () => {
  const field = fieldNamed('FINANCIAL_ANALYSIS')
  const met = decide([field], { mirror: null, agreed: {}, erp: { FINANCIAL_ANALYSIS: 'X' }, crm: { FINANCIAL_ANALYSIS: 'Y' } }, new Set())
  expect(met).toMatchObject({ conflicts: [], send: ['FINANCIAL_ANALYSIS'] })
})

test('a conflict names what was agreed and what each side holds', () => {
  const { conflicts } = decide(
    [fieldNamed('SALES_REP')],
    { crm: { SALES_REP: '9' }, mirror: { SALES_REP: '7' }, agreed: { SALES_REP: '7' }, erp: { SALES_REP: '3' } },
    new Set(['7', '9', '3']),
  )
  expect(conflicts).toEqual([{ field: 'SALES_REP', agreed: '7', erp: '3', crm: '9', winner: 'crm' }])
})

describe('a representative whom the CRM does not know', () => {
  const reps = new Set(['7', '9'])
  const rep = (mirror: Cell, agreed: Cell, erp: Cell, crm: Cell, known = reps) =>
    decide(
      [fieldNamed('SALES_REP')],
      { mirror: { SALES_REP: mirror }, agreed: { SALES_REP: agreed }, erp: { SALES_REP: erp }, crm: { SALES_REP: crm } },
      known,
    )

  test('is 99 there, and that is no difference: the mirror takes the number of the ERP', () => {
    expect(rep('7', '7', '4711', '99')).toEqual({
      write: { quiet: { SALES_REP: '4711' }, loud: {} },
      agreed: { SALES_REP: '4711' },
      send: [],
      conflicts: [],
    })
    expect(rep('4711', '4711', '4711', '99')).toEqual({
      write: { quiet: {}, loud: {} },
      agreed: { SALES_REP: '4711' },
      send: [],
      conflicts: [],
    })
    expect(rep('4711', '4711', '4712', '99')).toMatchObject({ write: { quiet: { SALES_REP: '4712' } }, send: [] })
    expect(rep('4711', '4711', '4711', null)).toMatchObject({ write: { quiet: {}, loud: {} }, send: [] })
  })

  test('is replaced by one that a user of the CRM chooses', () => {
    expect(rep('4711', '4711', '4711', '9')).toMatchObject({ write: { loud: { SALES_REP: '9' } }, conflicts: [] })
  })

  test('and is learned by it later is sent; 99 does not erase it in the ERP', () => {
    const learned = rep('4711', '4711', '4711', '99', new Set(['7', '9', '4711']))
    expect(learned).toMatchObject({ write: { quiet: { SALES_REP: '99' }, loud: {} }, send: ['SALES_REP'], conflicts: [] })
  })

  test('is nobody: 99 in the CRM never replaces somebody, and none in the ERP is no difference', () => {
    expect(rep(null, null, '7', '99')).toMatchObject({ write: { loud: {} }, send: ['SALES_REP'] })
    expect(rep('99', '99', null, '99')).toMatchObject({ write: { quiet: {}, loud: {} }, send: [] })
    expect(rep('99', '99', '99', '9')).toMatchObject({ write: { loud: { SALES_REP: '9' } } })
  })
})

test('values that are only spelled apart are the same value', () => {
  const same: [string, Cell, Cell][] = [
    ['NAME', 'Padaria São João', 'PADARIA SÃO JOÃO'],
    ['NAME', `${'A'.repeat(40)} e filhos`, 'a'.repeat(40)],
    ['ADDRESS_STREET', 'Rua\u00a0Um ', 'RUA UM'],
    ['CITY', "Olho d'Água das Flores", "OLHO D'AGUA DAS FLORES"],
    ['STATE', 'São Paulo', 'SAO PAULO'],
    ['INDUSTRY', 'Construção', 'CONSTRUCAO'],
    ['ADDRESS_NUMBER', null, 'SN'],
    ['ADDRESS_NUMBER', '0', 'SN'],
    ['ADDRESS_NUMBER', '12.0', '12'],
    ['ADDRESS_NUMBER', '0012', '12'],
    ['ADDRESS_ZIPCODE', '01310-100', '01310100'],
    ['ADDRESS_ZIPCODE', '1310100', '01310100'],
    ['ADDRESS_ZIPCODE', '1310100.0', '01310100'],
    ['ADDRESS_ZIPCODE', '20.040-020', '20040020'],
    ['ADDRESS_NUMBER', '11/2', '11'],
    ['ADDRESS_NUMBER', '1.234', '1234'],
    ['ADDRESS_NUMBER', '.5', 'SN'],
    ['NAME', 'Jo\0ao\x1b\r', 'JOAO'],
    ['TAXID', '12.ABC.345/01DE-35', '12abc34501de35'],
    ['TAXID', '12.abc.345/01de-35', '12ABC34501DE35'],
    ['TAXID', '191', '00.000.000/0001-91'],
    ['TAX_REGISTRATION', 'ISENTO', '99'],
    ['TAX_REGISTRATION', 'isento', 'EXEMPT'],
    ['TAX_REGISTRATION', null, '0'],
    ['TAX_REGISTRATION', '110.042.490/114', '110042490114'],
    ['FINANCIAL_ANALYSIS', null, 'Vazio.'],
    ['SALES_REP', null, '99'],
    ['SALES_REP', '007', '7'],
    ['SALES_REP', '7.0000000000', '7'],
    ['CLIENT_CODE', '345.0', '345'],
    ['CLIENT_CODE', '10.000.345', '10000345'],
    ['PHONE', '+55 (11) 98765-4321', '5511987654321'],
    ['PHONE', '11987654321.0', '11987654321'],
    ['PHONE', '(11) 4002.0922', '1140020922'],
    ['PHONE', '(11) 98765-4321 / 3333-4444', '11987654321'],
    ['EMAIL', ' Ana@Example.COM', 'ana@example.com'],
    ['JOB_TITLE', 'Sócio', 'SÓCIO'],
    ['IS_PRIMARY', 'Y', 'true'],
    ['IS_PRIMARY', null, 'false'],
  ]
  for (const [name, erp, crm] of same) {
    // Of a contact, where both have such a field.
    const field = fieldNamed(name)
    const shown = applyRule(field.rule, crm)
    expect(isKnown(field, { [name]: erp }, { [name]: shown }, new Set(['7'])), `${name}: ${erp} and ${crm}`).toBe(true)
    const decision = decide(
      [field],
      { crm: { [name]: shown }, mirror: { [name]: shown }, agreed: null, erp: { [name]: erp } },
      new Set(['7']),
    )
    expect(decision, name).toMatchObject({ send: [], conflicts: [], write: { quiet: {}, loud: {} } })
  }
})

test('and values that differ are not', () => {
  const apart: [string, Cell, Cell][] = [
    ['NAME', 'Padaria São João', 'Padaria Sao Joao'],
    ['ADDRESS_NUMBER', '1', 'SN'],
    ['ADDRESS_ZIPCODE', '13101000', '01310100'],
    ['TAXID', '12ABC34501DE35', '12ABC34501DE36'],
    ['TAX_REGISTRATION', '123', 'ISENTO'],
    ['FINANCIAL_ANALYSIS', 'vazio', 'Vazio.'],
    ['SALES_REP', '7', '99'],
    ['PHONE', '551133334444', '551133334445'],
    ['IS_PRIMARY', 'S', null],
  ]
  for (const [name, erp, crm] of apart) {
    const field = fieldNamed(name)
    expect(isKnown(field, { [name]: erp }, { [name]: applyRule(field.rule, crm) }, new Set(['7'])), `${name}: ${erp} and ${crm}`).toBe(
      false,
    )
  }
})

describe('one decision is enough', () => {
  const reps = new Set(['7', '9', '10'])
  const pools: Record<string, readonly Cell[]> = {
    SALES_REP: [null, '7', '9', '10', '4711', '4712', '99', '007', '7.0'],
    TAX_REGISTRATION: [null, 'ISENTO', '99', '0', '123.456', '123456', '555'],
    FINANCIAL_ANALYSIS: [null, 'Vazio.', 'Bom', 'Ruim', 'bom'],
    ADDRESS_NUMBER: [null, '0', 'SN', '12', '12.0', '13'],
    IS_PRIMARY: [null, 'S', 'N', 'true', 'false', 'Y'],
    TAXID: [null, '191', '00000000000191', '12ABC34501DE35'],
  }
  const others: readonly Cell[] = [null, '', 'um', 'UM', 'Úm', '1 234', '1234', 'dois ', 'três\u00a0']
  const anyRow = (fields: readonly Field[], normalised: boolean): fc.Arbitrary<Row> =>
    fc.record(
      Object.fromEntries(
        fields.map((field) => {
          const one = fc.constantFrom(...(pools[field.name] ?? others))
          return [field.name, normalised ? one.map((value) => applyRule(field.rule, value)) : one]
        }),
      ),
    )
  const anySides = (fields: readonly Field[]): fc.Arbitrary<Sides> =>
    fc.record({
      crm: anyRow(fields, true),
      mirror: fc.option(anyRow(fields, true), { freq: 4 }),
      agreed: fc.option(anyRow(fields, true), { freq: 4 }),
      erp: fc.option(anyRow(fields, false), { freq: 6 }),
    })

  /** What the jobs do with a decision: the transaction on the ERP, then the update of the CRM, its mirror and the ledger. */
  function applied(fields: readonly Field[], sides: Sides, { write, agreed, send }: Decision): Sides & { mirror: Row } {
    const mirrored = { ...sides.mirror, ...write.quiet, ...write.loud }
    // A record that the ERP lacks is made from all that the mirror holds, once anything of it moves.
    const made = Object.keys(write.loud).length > 0 ? mirrored : null
    const erp = sides.erp === null ? made : { ...sides.erp, ...write.loud }
    const sent = Object.fromEntries(
      fields.filter(({ name }) => send.includes(name)).map((field) => [field.name, applyRule(field.rule, erp?.[field.name] ?? null)]),
    )
    const crm = { ...sides.crm, ...sent }
    if ('SALES_REP' in sent && !reps.has(sent.SALES_REP ?? '')) crm.SALES_REP = unknownRep
    if ('TAX_REGISTRATION' in sent) crm.TAX_REGISTRATION = sent.TAX_REGISTRATION ?? exempt
    return {
      crm,
      erp,
      mirror: { ...mirrored, ...sent },
      agreed: { ...sides.agreed, ...agreed, ...sent },
    }
  }

  for (const [name, fields] of [
    ['lead', leadInboundFields],
    ['contact', contactFields],
  ] as const)
    test(`of a ${name}: the second one has nothing to do, and each field is as its owner has it`, () => {
      fc.assert(
        fc.property(anySides(fields), (sides) => {
          const first = decide(fields, sides, reps)
          const after = applied(fields, sides, first)
          const second = decide(fields, after, reps)
          expect({ ...second.write, send: second.send, conflicts: second.conflicts }).toEqual({
            quiet: {},
            loud: {},
            send: [],
            conflicts: [],
          })
          for (const field of fields) {
            if (after.erp === null) continue
            const [erp, crm] = [after.erp[field.name] ?? null, after.crm[field.name] ?? null]
            const same = isKnown(field, after.erp, after.crm, reps)
            if (field.flow === 'mirror') expect(after.mirror[field.name] ?? null).toBe(crm)
            // What only the ERP changed, or the CRM emptied, stays in the ERP; all else is the same on both sides.
            else if (field.flow === 'to-erp') expect(same || erp === (sides.erp?.[field.name] ?? null), field.name).toBe(true)
            else expect(same, `${field.name}: ${erp} and ${crm}`).toBe(true)
            if (sides.erp === null) continue
            // The ERP's own fields are never touched, and nobody ends with a value that neither side had.
            if (field.flow === 'to-crm') expect(erp).toBe(sides.erp[field.name] ?? null)
            else expect([sides.erp[field.name] ?? null, sides.crm[field.name] ?? null]).toContain(erp)
          }
        }),
        { numRuns: 2_000 },
      )
    })
})

describe('what no column can hold', () => {
  const long = leadInboundFields.filter(({ longest }) => longest !== undefined)
  const reps = new Set(['7'])
  const cutOf = ({ longest = 0 }: Field, digit: string): string => digit.repeat(longest + 1)

  test.each(long.map((field) => [field.name, field] as const))(
    'of %s in the CRM: the mirror notes that it differs, the ERP keeps its own and has it sent',
    (_name, field) => {
      const ours = applyRule(field.rule, '12345678901234')?.slice(0, field.longest) ?? null
      const crm = cutOf(field, '9')
      const sides = { crm: { [field.name]: crm }, agreed: { [field.name]: ours }, erp: { [field.name]: ours } }
      const decision = decide([field], { ...sides, mirror: { [field.name]: ours } }, reps)
      expect(decision).toEqual({ write: { quiet: { [field.name]: crm }, loud: {} }, conflicts: [], agreed: {}, send: [field.name] })
      const again = decide([field], { ...sides, mirror: { [field.name]: crm } }, reps)
      expect(again).toMatchObject({ write: { quiet: {}, loud: {} }, send: [field.name] })
      // The compare sees the same: the mirror's spelling of it is no value of the ERP.
      expect(isKnown(field, { [field.name]: ours }, { [field.name]: crm }, reps)).toBe(false)
    },
  )

  test.each(long.map((field) => [field.name, field] as const))(
    'of %s makes no part of a client that the ERP does not have yet',
    (_name, field) => {
      const crm = { [field.name]: cutOf(field, '9') }
      expect(decide([field], { crm, mirror: null, agreed: null, erp: null }, reps).write).toEqual({ quiet: {}, loud: {} })
    },
  )
})

test('leads are decided by all inbound fields, contacts by theirs', () => {
  const nothing = { linked: true, candidates: [] }
  const lead = decideLead({ STAGE: 'Ativação', NAME: 'A' }, { ...nothing, mirror: null, branch: null }, null, new Set())
  expect(lead.write).toEqual({ quiet: { STAGE: 'Ativação' }, loud: expect.objectContaining({ NAME: 'A' }) })
  const contact = decideContact({ NAME: 'Ana' }, { mirror: null, contact: { NAME: 'ANA' }, clientCode: '1' }, null)
  expect(contact).toMatchObject({ write: { quiet: { NAME: 'ANA' }, loud: {} }, agreed: { NAME: 'ANA' } })
})
