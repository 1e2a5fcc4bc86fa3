import { dialectOf } from '../../../connectors/erp/open.ts'
import type { DemoDatabase } from './database.ts'

/** Only the driver that is needed is loaded; connects when first used. @param url its scheme is the dialect @throws PonteError `erp.bad_url` */
export async function openDemoDatabase(url: string): Promise<DemoDatabase> {
  const dialect = dialectOf(url)
  if (dialect === 'mysql') return (await import('./database-mysql.ts')).mysqlDemoDatabase(url)
  if (dialect === 'oracle') return (await import('./database-oracle.ts')).oracleDemoDatabase(url)
  return (await import('./database-postgres.ts')).postgresDemoDatabase(url)
}
