/** The types that this server knows, by the names of Oracle and the numbers of the wire. */
export const typeNumbers = {
  VARCHAR2: 1,
  NUMBER: 2,
  BINARY_INTEGER: 3,
  LONG: 8,
  DATE: 12,
  RAW: 23,
  LONG_RAW: 24,
  CHAR: 96,
  BINARY_DOUBLE: 101,
  CLOB: 112,
  BLOB: 113,
  TIMESTAMP: 180,
  TIMESTAMP_TZ: 181,
  TIMESTAMP_LTZ: 231,
  BOOLEAN: 252,
} as const
export type TypeName = keyof typeof typeNumbers

const names: ReadonlyMap<number, TypeName> = new Map(Object.entries(typeNumbers).map(([name, number]) => [number, name as TypeName]))
export const typeName = (number: number): TypeName | undefined => names.get(number)

/**
 * A value as it goes between wire and backend: numbers and dates as text, null also for what is empty. A Buffer is the
 * bytes of RAW and BLOB, or the UTF-8 of a text that needs no decoding on its way through.
 */
export type Value = string | Buffer | null

/** A column of a result, as it is described to the driver. */
export interface Column {
  readonly name: string
  readonly type: TypeName
  /** Of characters, in bytes; the driver shows it as `byteSize`. */
  readonly size?: number
  /** 0 with scale -127 is a NUMBER without limits. */
  readonly precision?: number
  readonly scale?: number
  readonly nullable?: boolean
}

/** A bind variable, as the driver describes it. */
export interface Bind {
  readonly name: string
  readonly type: TypeName
  /** In bytes. */
  readonly maxSize: number
  /** Holds a list: a PL/SQL index-by table. */
  readonly isArray: boolean
  /** UTF-16: NVARCHAR2, NCHAR. */
  readonly national: boolean
  /** Stands behind RETURNING ... INTO: described, but sent without a value. */
  readonly returned: boolean
}
