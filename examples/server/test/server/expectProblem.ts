import { expect } from "vitest"
import type { Answer } from "./Api.js"

/** An answer that is a problem of RFC 9457, and that no cache keeps. */
export const expectProblem = (answer: Answer, status: number, code: string, what?: string) => {
  expect({ what, status: answer.status, code: answer.body?.code }).toEqual({ what, status, code })
  expect(answer.headers.get("content-type")).toBe("application/problem+json")
  expect(answer.headers.get("cache-control")).toBe("no-store")
  expect(answer.body).toMatchObject({ status, type: expect.any(String), title: expect.any(String) })
}
