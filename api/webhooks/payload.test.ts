/** The policy of the README per class of hostile body, and the fuzz that looks for what it forgot. */
import { describe, expect, test } from 'vitest'
import { ApiError } from '../http/errors.ts'
import { events } from './events.ts'
import { readPayload } from './payload.ts'

const [update] = events
const timeline = events.at(-1)!
const lead = '"Id":1,"Stage":"s","Company":"c"'
const read = (text: string | Buffer, event = update!) => readPayload(event, Buffer.from(text as string))
const refusal = (text: string | Buffer, event = update!): string => {
  try {
    read(text, event)
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: 'INVALID_PAYLOAD', status: 400 })
    return (error as Error).message
  }
  throw new Error('accepted')
}

test('a body in ISO-8859-1 is read when it declares so, and kept in UTF-8', () => {
  const text = '{"Lead":{"Id":1,"Stage":"Ativação","Company":"Pão de Açúcar"}}'
  const body = Buffer.from(text, 'latin1')
  expect(readPayload(update!, body, 'application/json; charset=ISO-8859-1')).toEqual({ text, lead: { id: 1, company: 'Pão de Açúcar' } })
  expect(refusal(body)).toContain('not UTF-8')
})

describe('refused:', () => {
  test.each([
    ['nothing', '', 'empty'],
    ['no JSON', '{"Lead":', 'not valid JSON'],
    ['two values', `{"Lead":{${lead}}}{}`, 'not valid JSON'],
    ['a byte order mark', `\ufeff{"Lead":{${lead}}}`, 'not valid JSON'],
    ['a NUL byte', `{"Lead":{${lead},"x":"\0"}}`, 'not valid JSON'],
    ['an array', `[{"Lead":{${lead}}}]`, 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['no Lead', '{"lead":{}}', 'Field Lead '],
    ['a Lead that is a list', `{"Lead":[{${lead}}]}`, 'Field Lead '],
    ['an Id in quotes', '{"Lead":{"Id":"1","Stage":"s","Company":"c"}}', 'Field Lead.Id'],
    ['Id 0', '{"Lead":{"Id":0,"Stage":"s","Company":"c"}}', 'Field Lead.Id'],
    ['a fraction', '{"Lead":{"Id":1.5,"Stage":"s","Company":"c"}}', 'Field Lead.Id'],
    ['an Id that no double holds', '{"Lead":{"Id":9007199254740993,"Stage":"s","Company":"c"}}', 'Field Lead.Id'],
    ['an infinite Id', '{"Lead":{"Id":1e999,"Stage":"s","Company":"c"}}', 'Field Lead.Id'],
    ['no Stage', '{"Lead":{"Id":1,"Company":"c"}}', 'Field Lead.Stage'],
    ['Stage null', '{"Lead":{"Id":1,"Stage":null,"Company":"c"}}', 'Field Lead.Stage'],
    ['Company null', '{"Lead":{"Id":1,"Stage":"s","Company":null}}', 'Field Lead.Company'],
    ['a NUL', `{"Lead":{${lead},"x":["\\u0000"]}}`, 'NUL'],
    ['a NUL in a key', `{"Lead":{${lead},"a\\u0000":1}}`, 'NUL'],
    ['__proto__', `{"Lead":{${lead}},"__proto__":{"polluted":1}}`, '__proto__'],
    ['__proto__ in disguise', `{"Lead":{${lead},"x":{"\\u005f_proto__":{}}}}`, '__proto__'],
    ['65 levels', `{"Lead":{${lead},"x":${'['.repeat(63)}${']'.repeat(63)}}}`, 'deeper than 64'],
  ])('%s', (_, text, why) => {
    expect(refusal(text)).toContain(why)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('bytes that are not UTF-8', () => {
    expect(refusal(Buffer.concat([Buffer.from(`{"Lead":{${lead},"x":"`), Buffer.from([0xff]), Buffer.from('"}}')]))).toContain('UTF-8')
    expect(refusal(Buffer.from([0x7b, 0xed, 0xa0, 0x80, 0x7d]), timeline)).toContain('UTF-8')
  })

  test('a mebibyte of brackets, quickly', () => {
    const began = process.cpuUsage()
    expect(refusal('['.repeat(1024 * 1024), timeline)).toContain('deeper than 64')
    expect(refusal(`${'{"a":'.repeat(200_000)}`, timeline)).toContain('deeper than 64')
    const { user, system } = process.cpuUsage(began)
    expect((user + system) / 1_000).toBeLessThan(1_000)
  })

  test('the message names the field and quotes nothing of the body', () => {
    expect(refusal('{"Lead":{"Id":"secret-value","Stage":"s","Company":"c"}}')).not.toContain('secret-value')
    expect(refusal('secret-value')).not.toContain('secret')
  })
})

describe('kept as it came:', () => {
  test.each([
    ['64 levels', `{"Lead":{${lead},"x":${'['.repeat(62)}${']'.repeat(62)}}}`],
    ['duplicate keys: the last counts, for every reader in the house', `{"Lead":{"Id":9},"Lead":{"Stage":"x",${lead}}}`],
    ['half a character, as senders cut texts', `{"Lead":{"Id":1,"Stage":"s","Company":"c\\ud83d"}}`],
    ['huge and precise numbers elsewhere', `{"Lead":{${lead},"x":1e999,"y":0.1234567890123456789}}`],
    ['the text __proto__ as a value', `{"Lead":{${lead},"x":"__proto__"}}`],
    ['an escaped backslash before u0000', `{"Lead":{${lead},"x":"\\\\u0000"}}`],
    ['brackets inside of texts', `{"Lead":{${lead},"x":"${'['.repeat(100)}\\""}}`],
    ['blanks and line breaks around it', `\r\n {"Lead" : {${lead}}}\n`],
    ['an empty company', '{"Lead":{"Id":1,"Stage":"","Company":""}}'],
  ])('%s', (_, text) => {
    expect(read(text).text).toBe(text)
    expect(read(text).lead).toMatchObject({ id: 1 })
  })

  test('any object of the timeline', () => {
    expect(read('{}', timeline)).toEqual({ text: '{}', lead: null })
    expect(read('{"Lead":null}', timeline).lead).toBeNull()
  })
})
