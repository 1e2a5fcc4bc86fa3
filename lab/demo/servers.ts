/** The servers that a demo can have its ERP on. Each gives the URL of an empty database, which lasts as long as the demo. */
import { join } from 'node:path'
import type { Closer } from '../../cli/closer.ts'
import type { Embedded } from '../../connectors/erp/embedded/embedded.ts'

export interface DemoServer {
  /** What it really is, for people. */
  readonly what: string
  open(at: { readonly folder: string; readonly embedded: Embedded; readonly closer: Closer }): Promise<string>
}

/** Where a demo's MariaDB lies in the demo's folder. */
export const mariadbFolder = 'mariadb'

export const demoServers = {
  postgres: { what: 'a real PostgreSQL', open: async ({ embedded }) => embedded.url('demo_erp') },
  mysql: {
    what: 'a real MariaDB',
    async open({ folder, closer }) {
      const { startPrivateServer } = await import('../../connectors/mysql/private-server.ts')
      const server = await startPrivateServer(join(folder, mariadbFolder), {
        instead: 'run the demo with --erp postgres, which needs nothing',
        // To read one moment on several connections, and to count what the idle cycles write.
        rights: ['reload'],
        flags: ['--userstat=1'],
      })
      closer.add(() => server.close())
      return server.url
    },
  },
  oracle: {
    what: 'a simulated Oracle (a MariaDB in Oracle mode behind the wire of an Oracle; no real one)',
    async open({ folder, closer }) {
      const { startDemoOracle } = await import('./oracle.ts')
      return startDemoOracle(folder, closer)
    },
  },
} satisfies Record<string, DemoServer>

export type DemoServerName = keyof typeof demoServers
