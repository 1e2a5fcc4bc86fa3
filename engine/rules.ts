/**
 * Normalisation as data (mission B.8). A rule is a list of steps; it is compiled to SQL for engines and to a function for
 * single records, and a property test holds the two equal. Every step maps null to null (except `default`), every rule
 * starts and ends with "the empty string is null", and a rule applied twice equals a rule applied once.
 */
export type Step =
  | { readonly op: 'trim' }
  | { readonly op: 'upper' }
  | { readonly op: 'lower' }
  /** Drops the marks of Latin letters: Á -> A, ç -> c. */
  | { readonly op: 'unaccent' }
  /** Keeps 0-9 only. */
  | { readonly op: 'digits' }
  /** Upper case, then keeps 0-9 A-Z only (tax ids: alphanumeric CNPJ since July 2026). */
  | { readonly op: 'alnum' }
  /** Removes each of these characters. */
  | { readonly op: 'remove'; readonly chars: string }
  | { readonly op: 'replace'; readonly from: string; readonly to: string }
  | { readonly op: 'padLeft'; readonly length: number; readonly fill: string }
  | { readonly op: 'truncate'; readonly length: number }
  /** The text before the first `separator`; all of it when there is none. */
  | { readonly op: 'before'; readonly separator: string }
  /** 007 -> 7, 000 -> 0. */
  | { readonly op: 'stripZeros' }
  | { readonly op: 'map'; readonly from: readonly string[]; readonly to: string }
  /** Kept when listed, else `otherwise`. */
  | { readonly op: 'oneOf'; readonly values: readonly string[]; readonly otherwise: string }
  | { readonly op: 'default'; readonly value: string }

export type Rule = readonly Step[]
