/**
 * CNPJ of both kinds (numeric; alphanumeric since July 2026, Receita Federal's IN 2229/2024: a character counts as its ASCII
 * code less 48) and CPF, with right check digits. Numbers are injective in the client's index, so no two clients share a root.
 */
const CNPJ_WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
const ALPHABET_ROOTS = 36 ** 8
/** How many alphanumeric roots lie between two neighbours when the numeric space is stretched over theirs. */
const STRETCH = Math.floor(ALPHABET_ROOTS / 1e8)

const digitOf = (sum: number): number => (sum % 11 < 2 ? 0 : 11 - (sum % 11))

function cnpjDigits(body: string): string {
  let first = 0
  let second = 0
  for (let place = 0; place < 12; place++) {
    const value = body.charCodeAt(place) - 48
    first += value * CNPJ_WEIGHTS[place + 1]!
    second += value * CNPJ_WEIGHTS[place]!
  }
  const digit = digitOf(first)
  return `${digit}${digitOf(second + digit * CNPJ_WEIGHTS[12]!)}`
}

/** 14 positions of the establishment `order` (1 to 9999) of the company whose `root` has 8. */
export function cnpj(root: string, order: number): string {
  const body = root + String(order).padStart(4, '0')
  return body + cnpjDigits(body)
}

/** Multiplying by a number without common factor and wrapping around visits every place once, in an order that looks random. */
const scattered = (index: number, offset: number, multiplier: number, size: number): number => (index * multiplier + offset) % size

/** 8 digits; different for every index below 10^8. */
export function numericRoot(index: number, offset: number): string {
  return String(scattered(index, offset % 1e8, 61_803_399, 1e8)).padStart(8, '0')
}

/** 8 characters with at least one letter; different for every index below 10^8. */
export function alphanumericRoot(index: number, offset: number): string {
  const start = scattered(index, offset % 1e8, 61_803_399, 1e8) * STRETCH
  for (let step = 0; ; step++) {
    const root = (start + ((offset + step) % STRETCH)).toString(36).toUpperCase().padStart(8, '0')
    if (/[A-Z]/.test(root)) return root
  }
}

/**
 * 11 digits; different for every index below 990,000,000. Digits 6 to 9 stay above 0099: padded to 14, they stand where a CNPJ
 * has its order number, so that no CPF here can be read as the CNPJ of another client.
 */
export function cpf(index: number, offset: number): string {
  const number = scattered(index, offset % 990_000_000, 618_033_989, 990_000_000)
  const body = String(Math.floor(number / 9_900)).padStart(5, '0') + String(100 + (number % 9_900)).padStart(4, '0')
  let first = 0
  let second = 0
  for (let place = 0; place < 9; place++) {
    const value = body.charCodeAt(place) - 48
    first += value * (10 - place)
    second += value * (11 - place)
  }
  const digit = digitOf(first)
  return `${body}${digit}${digitOf(second + digit * 2)}`
}
