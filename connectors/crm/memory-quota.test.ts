import { describe } from 'vitest'
import { memoryQuota } from './memory-quota.ts'
import { testQuota } from './quota.contract.ts'

describe('quota: memory', () => testQuota(async (options) => memoryQuota({ ...options, random: () => 0 })))
