/** For tests: a certificate for 127.0.0.1 that nobody vouches for, made by openssl. */
import { execFileSync } from 'node:child_process'

/** Writes `key.pem` and `cert.pem` into the folder. */
export function selfSigned(folder: string): void {
  const subject = ['-days', '2', '-subj', '/CN=127.0.0.1', '-keyout', 'key.pem', '-out', 'cert.pem']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { cwd: folder, stdio: 'pipe' })
}
