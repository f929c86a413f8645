import { Effect } from "effect"

/** Does something about a run of a member of a port: runs it, does so twice, or does something else. */
export type MemberInterception = (
  member: string,
  args: ReadonlyArray<unknown>,
  effect: Effect.Effect<unknown, unknown>
) => Effect.Effect<unknown, unknown>

/** A port with something between it and those who call it. Each run of a member counts, not the making of its effect. */
export const interceptPort = <A extends object>(port: A, intercept: MemberInterception): A => {
  const run = (member: string, args: ReadonlyArray<unknown>, effect: Effect.Effect<unknown, unknown, unknown>) =>
    Effect.suspend(() => intercept(member, args, effect as Effect.Effect<unknown, unknown>))
  return new Proxy(port, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target)
      const member = String(property)
      if (Effect.isEffect(value)) return run(member, [], value)
      if (typeof value !== "function") return value
      return (...args: ReadonlyArray<unknown>) => {
        const effect: unknown = Reflect.apply(value, target, args)
        return Effect.isEffect(effect) ? run(member, args, effect) : effect
      }
    }
  })
}
