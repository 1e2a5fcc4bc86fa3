/** A transaction that only asks whether it could be done. */
import { PonteError } from '../../base/error.ts'

const undone = () => new PonteError('erp.undone', 'a trial was undone', { hint: 'this is a fault in Ponte, report it' })

/**
 * @param transact runs the work in one transaction, which an error of the work undoes
 * @returns false when the ERP refuses a value. Nothing is changed either way
 * @throws whatever else `transact` and `work` throw
 */
export async function couldBeDone<L>(
  transact: (work: (link: L) => Promise<never>) => Promise<never>,
  work: (link: L) => Promise<unknown>,
): Promise<boolean> {
  try {
    return await transact(async (link) => {
      await work(link)
      throw undone()
    })
  } catch (error) {
    if (error instanceof PonteError && error.code === 'erp.undone') return true
    if (error instanceof PonteError && error.code === 'erp.value_refused') return false
    throw error
  }
}
