/** How to reach an ERP on Oracle. Plain data: it is cloned into reader threads. May hold passwords: never log it. */
import type oracledb from 'oracledb'
import { PonteError } from '../../base/error.ts'

export interface OracleSettings {
  /**
   * oracle://user:password@host:1521/service. Parameters: `protocol=tcps`; `wallet=<folder>` and `wallet_password=<text>` for TCPS;
   * `client=<folder>` loads Oracle's own client library from there (thick) instead of the driver's thin mode; `client=` from the usual places.
   */
  readonly url: string
  /** Connections for commands; those of readers come on top. 1 or more, default 4. */
  readonly maxConnections?: number
  /** Longest time of one round trip of a command in milliseconds, default 60,000. Reading a range is not limited by it. */
  readonly statementTimeoutMs?: number
  /** How long a command waits for a free connection of the pool, in milliseconds, default 60,000. */
  readonly queueTimeoutMs?: number
}

const CONNECT_LIMIT_S = 10
/** Until the listener has handed the connection on. */
const SESSION_LIMIT_S = 20
/** Minutes without traffic after which the line is probed, so that a firewall does not forget it. */
const PROBE_MINUTES = 2

export interface OracleAddress {
  readonly attributes: Pick<
    oracledb.ConnectionAttributes,
    'user' | 'password' | 'connectString' | 'walletLocation' | 'walletPassword' | 'expireTime'
  >
  /** Folder of Oracle's client library; '' for the usual places; undefined: thin. */
  readonly client: string | undefined
}

/** @throws PonteError `erp.bad_url` */
export function addressOf(url: string): OracleAddress {
  // The parser's own message would print the URL, password included.
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const service = decode(parsed?.pathname.slice(1))
  if (parsed?.protocol !== 'oracle:' || parsed.hostname === '' || !/^[\w.$#-]{2,}$/.test(service)) throw badUrl()
  const query = parsed.searchParams
  const protocol = query.get('protocol') ?? 'tcp'
  const known = [...query.keys()].every((name) => ['protocol', 'wallet', 'wallet_password', 'client'].includes(name))
  if (!known || !['tcp', 'tcps'].includes(protocol)) throw badUrl()
  const [wallet, walletPassword] = [query.get('wallet'), query.get('wallet_password')]
  const port = parsed.port || (protocol === 'tcps' ? '2484' : '1521')
  return {
    attributes: {
      user: decode(parsed.username),
      password: decode(parsed.password),
      connectString: `${protocol}://${parsed.hostname}:${port}/${service}?transport_connect_timeout=${CONNECT_LIMIT_S}&connect_timeout=${SESSION_LIMIT_S}`,
      expireTime: PROBE_MINUTES,
      ...(wallet === null ? {} : { walletLocation: wallet }),
      ...(walletPassword === null ? {} : { walletPassword }),
    },
    client: query.get('client') ?? undefined,
  }
}

function decode(text = ''): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badUrl()
  }
}

function badUrl(): PonteError {
  return new PonteError('erp.bad_url', 'the URL of the ERP database is not an oracle:// URL that Ponte understands', {
    hint: 'ORACLE_URL looks like oracle://user@host:1521/service, with protocol=tcps, wallet or client as parameters; special characters in it are percent-encoded',
    exitCode: 2,
  })
}
