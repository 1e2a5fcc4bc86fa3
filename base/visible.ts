/**
 * Text from outside (CRM, ERP, files, whoever calls) as people may see it. A terminal obeys control characters: they move its cursor, change
 * its title, fill its clipboard; bidi controls make a text read as another. So they are written out, and do nothing.
 */

/** Controls of C0 and C1, DEL, those of writing direction, and the two line ends that only Unicode knows. */
const controls = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu
/** Structure of our own texts, and of lines of JSON. */
const isLayout = (char: string): boolean => char === '\n' || char === '\t'

const hex = (char: string, digits: number): string => char.charCodeAt(0).toString(16).padStart(digits, '0')
const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const written = (char: string): string => short[char] ?? (char < '\u0100' ? `\\x${hex(char, 2)}` : `\\u${hex(char, 4)}`)

/** @returns the text with control characters written out (`\x1b`, `\u202e`); line feeds and tabs stay */
export const visible = (text: string): string => text.replace(controls, (char) => (isLayout(char) ? char : written(char)))

/** The same for a value inside a line, which must not begin lines of its own. */
export const visibleValue = (text: string): string => text.replace(controls, written)

/** @returns the same JSON, and nothing in it that a terminal obeys: JSON may write any character of a text as an escape */
export const visibleJson = (json: string): string => json.replace(controls, (char) => (isLayout(char) ? char : `\\u${hex(char, 4)}`))
