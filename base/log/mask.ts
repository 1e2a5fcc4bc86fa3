/**
 * Hides personal data and secrets in free text: what a log line or an error message may hold by accident.
 * It would rather hide too much than too little; ids of up to nine digits and hashes inside file names stay readable.
 */

/** One look that most log lines fail: without a digit, an `@` or a secret's name there is nothing to hide. */
const worthALook = /[\p{Nd}@]|token|passw|senha|secret|authorization|bearer|api[_-]?key|eyJ/iu

/** Separators people put inside numbers, the typographic dashes and spaces included. */
const gap = String.raw`[\s.\-/()\u2010-\u2015\u2212]{0,3}`
const digit = String.raw`\p{Nd}`

const secretRules: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:@/'"]{0,200}):[^\s@'"]{1,500}@/giu, '$1:[secret]@'],
  // key: value and key=value, JSON included; an Authorization scheme is swallowed with its value
  [
    /((?:token(?:[_-]?exact)?|passw(?:or)?d|passwd|senha|secret|authorization|api[_-]?key)["']?\s{0,3}[:=]\s{0,3}["']?)(?!\[)(?:(?:bearer|basic|token)\s{1,3})?[^\s"',;&}\]]+/giu,
    '$1[secret]',
  ],
  [/\b(bearer\s{1,3})(?!\[)[^\s"',;]+/giu, '$1[secret]'],
  [/\bwhsec_[\w+/=-]+/gu, '[secret]'],
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/gu, '[token]'],
]

const numberRules: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/giu, '[token]'],
  // Underscores count as word characters here: the batch hash in a queue file's name stays readable.
  [/(?<![\w-])[0-9a-f]{32,}(?![\w-])/giu, '[token]'],
  // CNPJ as printed; letters are allowed in the first twelve places since 2026.
  [
    new RegExp(
      String.raw`(?<![\p{L}\p{Nd}])[A-Z\p{Nd}]{2}\.[A-Z\p{Nd}]{3}\.[A-Z\p{Nd}]{3}/[A-Z\p{Nd}]{4}-?${digit}{2}(?![\p{L}\p{Nd}])`,
      'giu',
    ),
    '[taxid]',
  ],
  // CPF as printed
  [new RegExp(String.raw`(?<![\p{L}\p{Nd}])${digit}{3}\.${digit}{3}\.${digit}{3}-?${digit}{2}(?![\p{L}\p{Nd}])`, 'gu'), '[taxid]'],
  // A Brazilian phone as people write it: +55 (11) 98765-4321, 11 98765 4321, 3456-7890
  [
    new RegExp(
      String.raw`(?<![\p{L}\p{Nd}.-])(?:\+${digit}{1,3}${gap})?\(?0?${digit}{2}\)?${gap}9?${gap}${digit}{4}${gap}${digit}{4}(?![\p{L}\p{Nd}]|-${digit})`,
      'gu',
    ),
    '[phone]',
  ],
  [new RegExp(String.raw`(?<![\p{L}\p{Nd}.-])9?${digit}{4}[-\u2010-\u2015]${digit}{4}(?![\p{L}\p{Nd}-])`, 'gu'), '[phone]'],
  [new RegExp(String.raw`\+${digit}[\p{Nd}\s.\-()]{6,18}${digit}`, 'gu'), '[phone]'],
]

/** A whole run of the characters of addresses, so that addresses stuck together go together; each run is read once. */
const addressRun = /[\p{L}\p{Nd}._%+@-]+/gu
const address = /[\p{L}\p{Nd}._%+-]@[\p{L}\p{Nd}]/u

/** Ten digits or more in a row: a bare phone, CPF or CNPJ (or an epoch: no loss), unless they are part of a hash. */
const longNumber = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|\p{Nd}{10,}/giu

/** A bare CNPJ with letters looks like any word of fourteen characters, so only one with right check digits is hidden. */
const bareCnpj = /(?<![\p{L}\p{Nd}])(?=[A-Z]{0,13}\p{Nd})[A-Z0-9]{12}[0-9]{2}(?![\p{L}\p{Nd}])/giu

/**
 * @param text any text, of any length
 * @returns the text with tax ids, e-mails, phones, tokens and passwords replaced by `[taxid]`, `[email]`, `[phone]`,
 *   `[token]`, `[secret]`, `[number]`. Never throws; linear in the text's length.
 */
export function maskText(text: string): string {
  if (!worthALook.test(text)) return text
  let masked = text
  for (const [pattern, replacement] of secretRules) masked = masked.replace(pattern, replacement)
  if (masked.includes('@')) masked = masked.replace(addressRun, (run) => (address.test(run) ? '[email]' : run))
  for (const [pattern, replacement] of numberRules) masked = masked.replace(pattern, replacement)
  masked = masked.replace(longNumber, (match) => (/[a-f]/i.test(match) ? match : '[number]'))
  return masked.replace(bareCnpj, (word) => (isCnpj(word.toUpperCase()) ? '[taxid]' : word))
}

/** Modulo 11 over character code minus 48, weights 2 to 9 from the right (Receita Federal, alphanumeric CNPJ). */
function isCnpj(text: string): boolean {
  return checkDigit(text, 12) === text.charCodeAt(12) - 48 && checkDigit(text, 13) === text.charCodeAt(13) - 48
}

function checkDigit(text: string, length: number): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum += (text.charCodeAt(length - 1 - i) - 48) * (2 + (i % 8))
  const rest = sum % 11
  return rest < 2 ? 0 : 11 - rest
}
