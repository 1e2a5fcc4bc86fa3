/** Text that breaks text handling, for tests of this room and of those above. */
import fc from '../../base/testing/fast-check.ts'

export const hostileTexts = [
  'ß', 'STRASSE ß', 'İstanbul', 'ıspanak', 'ﬁnanças', 'ŉ ſ ĸ µ', 'e\u0301 a\u0303o', 'São João', 'SÃO JOÃO', '😀', '👩‍👩‍👧 família', '\u00a0 x \u00a0', ' \t\n', '\ufeffbom',
  '\ud800', 'a\udc00b', '\u0000', 'a\u0000b', "d'Ávila", "''", '"', '\\', '\\n', '%', '_', '|', '1:a|N', 'N', '0', '000', '007', '-', 'a-b-c', ',', 'Rua X, 10 - fundos',
  '11.222.333/0001-81', '12ABC34501DE35', 'ǆ', 'Σίσυφος', 'Привет', 'ÿ Ÿ', 'Nº 1ª', '²③', '١٢٣', '\u3000', '$&', '$<x>', 'é'.repeat(60), 'z'.repeat(13), '\u2028',
] as const // biome-ignore format: a table

const characters = fc.constantFrom(...Array.from(hostileTexts.join('')), ...'abcXYZ019 .-/,0', '\u0301', '\u00a0', 'Á', 'ç')

/** A text or null; hostile, random, or a mixture. Never ''. */
export const hostileCell: fc.Arbitrary<string | null> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 4, arbitrary: fc.array(characters, { minLength: 1, maxLength: 30 }).map((chars) => chars.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }) },
)
