import { apiKey, bearer, type Case, noRateLimits, problem, refusal, type Scene } from "./Case.js"

const MiB = 1024 * 1024

const invalid = {
  status: 401,
  headers: {
    ...refusal,
    ...noRateLimits,
    "www-authenticate": 'Bearer realm="api", error="invalid_token", error_description="The API key is invalid"'
  },
  body: problem(401, "invalid_key", "The API key is invalid")
}

const hostile = (
  name: string,
  headers: ReadonlyArray<readonly [string, string]>,
  expected: Scene["steps"][number]["expected"],
  app: Partial<Scene> = {}
): Case => ({
  name,
  scene: () => ({ ...app, steps: [{ headers, expected }] })
})

const roomy = { maxHeaderSize: 4 * MiB }

/** What only somebody who means harm sends. */
export const hostileCases: ReadonlyArray<Case> = [
  hostile("a header of 1 MiB is refused by Node itself", [apiKey("k".repeat(MiB))], { status: 431 }),
  hostile("a key of 1 MiB, where such headers are let through", [apiKey("k".repeat(MiB))], invalid, roomy),
  hostile("a bearer token of 1 MiB", [bearer("k".repeat(MiB))], invalid, roomy),
  hostile(
    "a scheme of 1 MiB",
    [["Authorization", "b".repeat(MiB)]],
    { status: 401, headers: { "www-authenticate": 'Bearer realm="api"' } },
    roomy
  ),
  hostile("1 MiB of commas", [apiKey(",".repeat(MiB))], { status: 400 }, roomy),
  hostile("1 MiB of blanks behind Bearer", [["Authorization", `Bearer${" ".repeat(MiB)}x`]], invalid, roomy),
  hostile("the fields twice, 1 MiB each", [apiKey("k".repeat(MiB)), apiKey("l".repeat(MiB))], { status: 400 }, roomy),
  hostile("513 characters", [apiKey(`myapp_${"0".repeat(507)}`)], invalid),
  hostile("characters beyond ASCII", [apiKey("myapp_\u00fc\u00e9\u00df\u00ff")], invalid),
  hostile("a no-break space around nothing", [apiKey("\u00a0")], invalid),
  hostile("bytes that are no UTF-8", [bearer("\u00c3\u0028\u00fe\u00ff")], invalid),
  hostile("a NUL", [apiKey("myapp_\u0000")], { status: 400 }),
  hostile("a control character", [bearer("myapp_\u0007key")], { status: 400 }),
  hostile("a DEL", [apiKey("myapp_\u007f")], { status: 400 }),
  hostile(
    "every byte beyond ASCII",
    [apiKey(`myapp_${Array.from({ length: 128 }, (_, i) => String.fromCharCode(i + 128)).join("")}`)],
    invalid
  ),
  hostile("a folded line", [["X-API-Key", "myapp_\r\n continued"]], { status: 400 }),
  hostile("a carriage return alone", [["X-API-Key", "myapp_\rX-Other: 1"]], { status: 400 }),
  hostile(
    "names of Object's own",
    [
      ["__proto__", "x"],
      ["constructor", "y"]
    ],
    { status: 401, headers: { "www-authenticate": 'Bearer realm="api"' } }
  ),
  {
    name: "a good key with something behind it is another key",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      return {
        steps: ["\u00a0", "\u0085", "=", "%00", ";", "'", "\u00ad"].map((tail) => ({
          headers: [apiKey(`${plaintext}${tail}`)],
          expected: invalid
        }))
      }
    }
  },
  {
    name: "nothing that was sent is repeated in an answer",
    scene: () => {
      const marker = "Mark3dByTheCaller"
      return {
        steps: [
          { headers: [apiKey(marker)], expected: { status: 401 } },
          { headers: [apiKey(`${marker},${marker}`)], expected: { status: 400 } },
          { headers: [bearer(`${marker} ${marker}`)], expected: { status: 400 } },
          { headers: [apiKey(marker), bearer(`${marker}2`)], expected: { status: 400 } },
          { headers: [["Authorization", marker]], expected: { status: 401 } }
        ],
        afterwards: (answers) => {
          if (JSON.stringify(answers).includes(marker)) throw new Error("An answer repeats what was sent")
        }
      }
    }
  }
]
