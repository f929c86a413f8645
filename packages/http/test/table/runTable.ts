import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { App, Serve } from "./App.js"
import { addressCases } from "./addressCases.js"
import { adversaryCases } from "./adversaryCases.js"
import type { Case, Expected } from "./Case.js"
import { cachingCases } from "./cachingCases.js"
import { copyCases } from "./copyCases.js"
import { credentialCases } from "./credentialCases.js"
import { guardCases } from "./guardCases.js"
import { hostileCases } from "./hostileCases.js"
import { managementCases } from "./managementCases.js"
import { outcomeCases } from "./outcomeCases.js"
import { type RawAnswer, send } from "./RawHttp.js"
import { rateLimitCases } from "./rateLimitCases.js"
import { readerCases } from "./readerCases.js"
import { rotationCases } from "./rotationCases.js"
import { checkSyntax } from "./Syntax.js"
import { makeWorld, type World } from "./World.js"

const table: Readonly<Record<string, ReadonlyArray<Case>>> = {
  Credentials: credentialCases,
  Outcomes: outcomeCases,
  "Clients' addresses": addressCases,
  "Two copies of the library": copyCases,
  "Keys elsewhere": readerCases,
  "Rate-limit fields": rateLimitCases,
  Rotation: rotationCases,
  "Several guards, and rules by request": guardCases,
  Caching: cachingCases,
  Management: managementCases,
  "Hostile requests": hostileCases,
  "A reader of this code": adversaryCases
}

/** Runs the one table of cases against a framework, through a socket. */
export const runTable = (framework: string, serve: Serve): void => {
  describe(framework, () => {
    let world: World
    beforeAll(async () => {
      world = await makeWorld()
    })
    afterAll(() => world.close())

    for (const [chapter, cases] of Object.entries(table)) {
      describe(chapter, () => {
        for (const { name, scene } of cases) {
          it(name, async () => {
            const { afterwards, guards = [{}], steps, ...app } = await scene(world)
            const answers = await exchange(
              serve,
              { ...app, guards: guards.map((own) => ({ client: world.client, ...own })) },
              steps
            )
            for (const [i, { expected }] of steps.entries()) {
              check(answers[i] as RawAnswer, expected)
              checkSyntax(answers[i] as RawAnswer)
            }
            await afterwards?.(answers)
          })
        }
      })
    }
  })
}

const exchange = async (serve: Serve, app: App, steps: ReadonlyArray<Parameters<typeof send>[1]>) => {
  const served = await serve(app)
  const answers: Array<RawAnswer> = []
  try {
    for (const step of steps) answers.push(await send(app.socketPath ?? served.port, step))
  } finally {
    await served.close()
  }
  return answers
}

const check = (answer: RawAnswer, expected: Expected): void => {
  const told = `${answer.status} ${JSON.stringify(answer.headers)} ${answer.body}`
  assert.strictEqual(answer.status, expected.status, told)
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    const values = answer.headers.filter(([field]) => field === name.toLowerCase()).map(([, text]) => text)
    assert.deepStrictEqual(values, value === null ? [] : [value], `${name} of ${told}`)
  }
  if (!("body" in expected)) return
  if (expected.body === "") assert.strictEqual(answer.body, "", told)
  else assert.deepStrictEqual(JSON.parse(answer.body), JSON.parse(JSON.stringify(expected.body)), told)
}
