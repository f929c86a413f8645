import { parseDictionary, parseList } from "structured-headers"
import { assert } from "vitest"
import type { RawAnswer } from "./RawHttp.js"

const valueOf = ({ headers }: RawAnswer, field: string): string | undefined =>
  headers.find(([name]) => name === field)?.[1]

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0

/** Whatever an answer says in structured fields, or in a challenge, is read back by the grammar it is written in. */
export const checkSyntax = (answer: RawAnswer): void => {
  checkRateLimits(answer)
  const challenge = valueOf(answer, "www-authenticate")
  if (challenge !== undefined) parseChallenge(challenge)
}

const checkRateLimits = (answer: RawAnswer): void => {
  const policies = valueOf(answer, "ratelimit-policy")
  const limit = valueOf(answer, "ratelimit")
  if (policies === undefined || limit === undefined) {
    assert.strictEqual(policies, limit, "one field without the other")
    return
  }
  const retryAfter = valueOf(answer, "retry-after")
  const quotas = parseList(policies)
  if (limit.startsWith("limit=")) {
    const dictionary = parseDictionary(limit)
    for (const name of ["limit", "remaining", "reset"]) assert.isTrue(isCount(dictionary.get(name)?.[0]), limit)
    for (const [quota, parameters] of quotas) assert.isTrue(isCount(quota) && isCount(parameters.get("w")), policies)
    if (retryAfter !== undefined) assert.strictEqual(String(dictionary.get("reset")?.[0]), retryAfter)
    return
  }
  for (const [name, parameters] of quotas) {
    assert.isString(name)
    assert.deepStrictEqual([...parameters.keys()], ["q", "w"])
    assert.isTrue([...parameters.values()].every(isCount), policies)
  }
  const [[name, parameters] = [], ...others] = parseList(limit)
  assert.strictEqual(others.length, 0)
  assert.isTrue(
    quotas.some(([policy]) => policy === name),
    `${limit} of ${policies}`
  )
  assert.isTrue(isCount(parameters?.get("r")))
  if (answer.status === 429) assert.strictEqual(parameters?.get("t")?.toString(), retryAfter)
}

/** RFC 9110, section 11.6.1: one challenge of quoted parameters. */
export const parseChallenge = (text: string): { readonly scheme: string; readonly parameters: Map<string, string> } => {
  const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
  const parameter = `(${token})="((?:[\\t \\x21\\x23-\\x5B\\x5D-\\x7E]|\\\\[\\t \\x21-\\x7E])*)"`
  const whole = new RegExp(`^(${token}) (${parameter}(?:, ${parameter})*)$`).exec(text)
  assert.isNotNull(whole, `not a challenge: ${text}`)
  const parameters = [...(whole?.[2] ?? "").matchAll(new RegExp(parameter, "g"))].map(
    ([, name = "", value = ""]): [string, string] => [name, value.replace(/\\(.)/g, "$1")]
  )
  return { scheme: whole?.[1] ?? "", parameters: new Map(parameters) }
}
