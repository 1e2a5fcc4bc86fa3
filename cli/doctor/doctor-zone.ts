/** Whether the ERP's database knows the company's time zone as it is: files from before July 2019 still move Brazil's clocks in summer. */
import type { Erp } from '../../connectors/erp/erp.ts'

const HINT: Readonly<Record<Erp['dialect'], string>> = {
  oracle: 'the database needs a time-zone file of version 34 or newer (select version from v$timezone_file); DBMS_DST brings it up',
  postgres: "the server needs its own minor release, or the system's tzdata, of July 2019 or newer",
  mysql: 'load the zone tables anew (mysql_tzinfo_to_sql); without them ponte_settings.time_zone_offset counts',
}

/**
 * Noon of mid January and mid July, in this year and the next, by the database's rules and by those of this machine.
 * @returns what a check tells; with a hint when the two differ. @throws PonteError of the ERP
 */
export async function tryZone(
  { dialect, localTimes }: Pick<Erp, 'dialect' | 'localTimes'>,
  now: Date,
): Promise<{ detail: string; hint?: string }> {
  const moments = [0, 1].flatMap((years) => [0, 6].map((month) => new Date(Date.UTC(now.getUTCFullYear() + years, month, 15, 12))))
  const { zone, times } = await localTimes(moments)
  const name = zone ?? 'UTC'
  const expected = moments.map((moment) => localTime(moment, name))
  if (expected.includes(null))
    return {
      detail: `time_zone in ponte_settings is "${name}", which is no time zone`,
      hint: 'Set it to the zone in which the ERP writes its times, as America/Sao_Paulo.',
    }
  const wrong = moments.find((_, index) => times[index]!.getTime() !== expected[index])
  if (wrong === undefined) return { detail: `${name}: the database has its rules of today` }
  const hours = (times[moments.indexOf(wrong)]!.getTime() - expected[moments.indexOf(wrong)]!) / 3_600_000
  return {
    detail: `${name}: in ${wrong.toISOString().slice(0, 7)} the database's clocks are ${Math.abs(hours)} h ${hours > 0 ? 'fast' : 'slow'}`,
    hint: `Days would begin, and rows be dated, at a wrong hour: ${HINT[dialect]}.`,
  }
}

/** What clocks of the zone show, as if it were UTC; null: there is no such zone. */
function localTime(moment: Date, timeZone: string): number | null {
  try {
    return Date.parse(`${moment.toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')}Z`)
  } catch {
    return null
  }
}
