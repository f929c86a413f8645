import { apiKey, bearer, type Case } from "./Case.js"
import { now } from "./World.js"

const seconds = (millis: number) => Math.floor(millis / 1000)

const told = (until: number) => `superseded=@${seconds(now.getTime())}, until=@${seconds(until)}`

/** What a caller is told of the rotation of its key. */
export const rotationCases: ReadonlyArray<Case> = [
  {
    name: "a key that was rotated is told until when it works, and a current one nothing",
    scene: async ({ client, createKey }) => {
      const { key, plaintext } = await createKey()
      const rotated = await client.rotateKey(key.id, { overlap: "1 hour" })
      const field = told(now.getTime() + 3_600_000)
      return {
        steps: [
          { headers: [bearer(plaintext)], expected: { status: 200, headers: { "api-key-rotation": field } } },
          { headers: [apiKey(plaintext)], expected: { status: 200, headers: { "api-key-rotation": field } } },
          { headers: [bearer(rotated.plaintext)], expected: { status: 200, headers: { "api-key-rotation": null } } }
        ]
      }
    }
  },
  {
    name: "an expiry that comes before the end of the overlap is told instead of it",
    scene: async ({ client, createKey }) => {
      const expiresAt = new Date(now.getTime() + 60_000)
      const { key, plaintext } = await createKey({ expiresAt })
      await client.rotateKey(key.id, { overlap: "1 hour" })
      const field = told(expiresAt.getTime())
      return {
        steps: [{ headers: [bearer(plaintext)], expected: { status: 200, headers: { "api-key-rotation": field } } }]
      }
    }
  },
  {
    name: "a key whose overlap is over is invalid, and told no more than that",
    scene: async ({ client, createKey }) => {
      const { key, plaintext } = await createKey()
      await client.rotateKey(key.id)
      return {
        steps: [{ headers: [bearer(plaintext)], expected: { status: 401, headers: { "api-key-rotation": null } } }]
      }
    }
  },
  {
    name: "nothing is told of a rotation with `rotationHeader: false`",
    scene: async ({ client, createKey }) => {
      const { key, plaintext } = await createKey()
      await client.rotateKey(key.id, { overlap: 60 })
      return {
        guards: [{ rotationHeader: false }],
        steps: [{ headers: [bearer(plaintext)], expected: { status: 200, headers: { "api-key-rotation": null } } }]
      }
    }
  }
]
