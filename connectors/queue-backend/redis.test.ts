/** Ticks on a real Redis, private to this file. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nextTick } from '../../jobs/run/schedule.ts'
import { openGate } from '../testing/gate.ts'
import { redisBackend } from './redis.ts'
import { testQueueBackend } from './testing/contract.ts'
import { redisMissing, startRedis } from './testing/private-redis.ts'

const options = { nextTick, onError: () => {} }

if (!redisMissing('connectors/queue-backend/redis')) {
  describe('the queue backend on Redis', () => {
    testQueueBackend(async () => {
      const redis = await startRedis()
      const gate = await openGate(redis.url)
      return {
        open: (given) => redisBackend(gate.url, given),
        wipe: () => redis.wipe(),
        hush: () => gate.hush(),
        close: () => gate.close().then(() => redis.stop()),
      }
    })
  })

  describe('a Redis that cannot be used', () => {
    let guarded: Awaited<ReturnType<typeof startRedis>>
    beforeAll(async () => {
      guarded = await startRedis('open-sesame')
    })
    afterAll(() => guarded.stop())

    test('away: it is told at once, and what to do', async () => {
      await expect(redisBackend('redis://127.0.0.1:1', options)).rejects.toMatchObject({
        code: 'queue_backend.redis_unreachable',
        exitCode: 1,
        hint: expect.stringContaining('REDIS_URL'),
      })
    })

    test.each(['', ':wrong@', 'nobody:open-sesame@'])(
      'refusing the login "%s": a wrong configuration, and no password is repeated',
      async (login) => {
        const url = guarded.url.replace(':open-sesame@', login)
        const error = await redisBackend(url, options).then(
          () => null,
          (refused) => refused,
        )
        expect(error).toMatchObject({ code: 'queue_backend.redis_login_refused', exitCode: 2 })
        expect(`${error.message} ${error.hint}`).not.toContain('sesame')
      },
    )

    test('with the right password it works', async () => {
      const backend = await redisBackend(guarded.url, options)
      expect(await backend.standing()).toEqual([])
      await backend.close()
    })
  })
}
