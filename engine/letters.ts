/**
 * Case and accents of Latin letters, from fixed tables. JavaScript, DuckDB and the JVM disagree on 200 characters or so
 * (ß, İ, ligatures, scripts that a newer Unicode paired), and a hash must not change with a library: what is not in these
 * tables stays as it is.
 */

/** Pairs lower -> upper of ASCII's neighbours: Latin-1 and Latin Extended-A letters whose case mapping is one to one both ways. */
const casePairs = range(0xc0, 0x17f)
  .map((lower): readonly [string, string] => [lower, lower.toUpperCase()])
  .filter(([lower, upper]) => upper !== lower && upper.length === 1 && upper.toLowerCase() === lower)

/** Accented letter -> bare letter, Latin-1, Extended-A and Extended Additional; the letter must come out as ASCII. */
const accentPairs = [...range(0xc0, 0x17f), ...range(0x1e00, 0x1eff)]
  .map((letter): readonly [string, string] => [letter, letter.normalize('NFD')])
  .filter(([, parts]) => /^[A-Za-z][\u0300-\u036f]+$/.test(parts))
  .map(([letter, parts]): readonly [string, string] => [letter, parts[0]!])

/** The same tables as two aligned strings, for SQL's `translate`. */
export const caseTable = table(casePairs)
export const accentTable = table(accentPairs)
/** The letters that Portuguese uses, a short table because `translate` costs time per entry. */
export const portugueseTable = table(accentPairs.filter(([letter]) => 'ÁÀÂÃÉÊÍÓÔÕÚÜÇáàâãéêíóôõúüç'.includes(letter)))
/** U+0300 to U+036F: marks that follow their letter (decomposed text). */
export const combiningMarks = range(0x300, 0x36f).join('')

const toUpper = new Map(casePairs)
const toLower = new Map(casePairs.map(([lower, upper]) => [upper, lower]))
const toBare = new Map<string, string>([...accentPairs, ...Array.from(combiningMarks, (mark): [string, string] => [mark, ''])])

export function isAscii(value: string): boolean {
  return /^[\0-\x7f]*$/.test(value)
}

/** Upper case of ASCII, Latin-1 and Latin Extended-A letters. */
export function upperLetters(value: string): string {
  return isAscii(value)
    ? value.toUpperCase()
    : value.replace(/[a-z\u00c0-\u017f]/g, (c) => (c <= 'z' ? c.toUpperCase() : (toUpper.get(c) ?? c)))
}

/** Lower case of the same letters. */
export function lowerLetters(value: string): string {
  return isAscii(value)
    ? value.toLowerCase()
    : value.replace(/[A-Z\u00c0-\u017f]/g, (c) => (c <= 'Z' ? c.toLowerCase() : (toLower.get(c) ?? c)))
}

/** Drops the marks of Latin letters, composed (Á) or decomposed (A followed by U+0301). */
export function unaccentLetters(value: string): string {
  return isAscii(value) ? value : value.replace(/[\u00c0-\u017f\u1e00-\u1eff]|[\u0300-\u036f]/g, (c) => toBare.get(c) ?? c)
}

function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String.fromCharCode(first + index))
}

function table(pairs: readonly (readonly [string, string])[]): { readonly from: string; readonly to: string } {
  return { from: pairs.map(([from]) => from).join(''), to: pairs.map(([, to]) => to).join('') }
}
