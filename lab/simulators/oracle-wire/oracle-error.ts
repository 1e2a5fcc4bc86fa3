/**
 * An error as Oracle reports it, on its way to the driver: an expected outcome of a call, made a throw so that it can end
 * a call at any depth. The text holds no `ORA-` prefix; the wire adds it.
 */
export class OracleError extends Error {
  readonly number: number

  constructor(number: number, text: string, options: { cause?: unknown } = {}) {
    super(text, options)
    this.name = 'OracleError'
    this.number = number
  }

  /** `ORA-00942: table or view does not exist` */
  get full(): string {
    return `ORA-${String(this.number).padStart(5, '0')}: ${this.message}`
  }
}
