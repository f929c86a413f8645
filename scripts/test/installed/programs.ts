/** What a program needs, by the name under which it imports it. */
const imports: ReadonlyArray<readonly [names: string, module: string]> = [
  ["{ once }", "node:events"],
  ["{ ApiKeyClient }", "@apikeys/core"],
  ["{ SqliteStore }", "@apikeys/store-sqlite"],
  ["{ apiKeyAuth, apiKeyOf }", "@apikeys/express"],
  ["{ fastifyApiKeys }", "@apikeys/fastify"],
  ["express", "express"],
  ["Fastify", "fastify"]
]

const headOf = (line: (names: string, module: string) => string): string =>
  `${imports.map(([names, module]) => line(names, module)).join("\n")}\n`

const esm = headOf((names, module) => `import ${names} from "${module}"`)

const commonJs = headOf((names, module) => `const ${names} = require("${module}")`)

/** Express has its function for a module, which TypeScript has a form of its own for. */
const typedCommonJs = headOf((names, module) =>
  names === "express" ? `import ${names} = require("${module}")` : `import ${names} from "${module}"`
)

/** What is told by types alone. Were a package's types not found, nothing would be an error here, which is one. */
const types = `
declare module "@apikeys/express" {
  interface Register {
    metadata: { plan: "free" | "pro" }
  }
}

export const planOf = (req: express.Request): "free" | "pro" => apiKeyOf(req).metadata.plan

export const mistyped = (client: ApiKeyClient) => [
  // @ts-expect-error
  apiKeyAuth({ client, requiredScope: ["read"] }),
  // @ts-expect-error
  Fastify().register(fastifyApiKeys, { client, requiredScope: ["read"] })
]
`

/** JavaScript that is strict TypeScript as well. */
const body = `
const main = async () => {
  const client = await ApiKeyClient.open({
    store: SqliteStore.layer({ filename: "myapp.db" }),
    signingSecret: process.env["APIKEYS_SIGNING_SECRET"],
    keyPrefix: "myapp"
  })
  const [{ id: organizationId }] = await client.getOrCreateOrganization({ name: "Acme Inc" })
  const { plaintext } = await client.createKey({ organizationId, name: "Alice's key", scopes: ["read"] })
  const guard = { client, organizationId, requiredScopes: ["read"] }

  const app = express()
  app.get("/", apiKeyAuth(guard), (req, res) => {
    res.json({ name: apiKeyOf(req).name })
  })
  const server = app.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("Not listening on a port")

  const fastify = Fastify()
  await fastify.register(fastifyApiKeys, guard)
  fastify.get("/", { config: { apiKey: true } }, (request) => ({ name: request.apiKey?.name }))

  const urls = {
    express: \`http://127.0.0.1:\${address.port}/\`,
    fastify: await fastify.listen({ port: 0, host: "127.0.0.1" })
  }
  for (const [framework, url] of Object.entries(urls)) {
    for (const key of ["", "nonsense", plaintext]) {
      const answer = await fetch(url, { headers: { "X-API-Key": key } })
      const { code, name } = await answer.json()
      console.log(framework, answer.status, code ?? name)
    }
  }
  server.close()
  await fastify.close()
  await client.close()
}

main()
`

/** What each of the programs prints. */
export const output = ["express", "fastify"]
  .flatMap((framework) =>
    ["401 missing_credential", "401 invalid_key", "200 Alice's key"].map((s) => `${framework} ${s}`)
  )
  .join("\n")

/** JavaScript, by file. */
export const javaScript: Readonly<Record<string, string>> = { "esm.mjs": esm + body, "commonjs.cjs": commonJs + body }

/** TypeScript, by file, and how it is compiled; what comes out of it, where it runs without a bundler. */
export const typeScript: ReadonlyArray<{
  readonly file: string
  readonly source: string
  readonly options: Readonly<Record<string, string>>
  readonly emitted: string | null
}> = [
  { file: "esm.mts", source: esm + types + body, options: { module: "nodenext" }, emitted: "esm.mjs" },
  {
    file: "commonjs.cts",
    source: typedCommonJs + types + body,
    options: { module: "nodenext" },
    emitted: "commonjs.cjs"
  },
  {
    file: "bundled.ts",
    source: esm + types + body,
    options: { module: "esnext", moduleResolution: "bundler" },
    emitted: null
  }
]
