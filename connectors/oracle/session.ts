/** One session of the schema's owner. Errors are the driver's. */
export interface Session {
  /** True: it was made, but does not compile (yet). */
  run(sql: string): Promise<{ readonly invalid: boolean }>
  rows(sql: string): Promise<Readonly<Record<string, string | null>>[]>
  commit(): Promise<void>
}
