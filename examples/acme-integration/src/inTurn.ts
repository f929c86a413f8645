const turns = new Map<string, Promise<unknown>>()

/**
 * Runs what concerns one customer one after the other, so that nothing comes between a look and the act upon it. That is
 * so within this process: where there are several, lock the customer's row instead.
 */
export const inTurn = async <A>(customerId: string, task: () => Promise<A>): Promise<A> => {
  const turn = (turns.get(customerId) ?? Promise.resolve()).then(task, task)
  turns.set(customerId, turn)
  try {
    return await turn
  } finally {
    if (turns.get(customerId) === turn) turns.delete(customerId)
  }
}
