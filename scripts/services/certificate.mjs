/** @import { ServiceName } from "./Service.js" */
import { generateKeyPairSync, sign } from "node:crypto"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { giveToServers, makeScratch } from "./account.mjs"
import { startServer } from "./server.mjs"

const tlv = (/** @type {number} */ tag, /** @type {Array<Uint8Array>} */ ...parts) => {
  const value = Buffer.concat(parts)
  const length = value.length < 128 ? [value.length] : [0x82, value.length >> 8, value.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), value])
}

const sequence = (/** @type {Array<Uint8Array>} */ ...parts) => tlv(0x30, ...parts)
const oid = (/** @type {string} */ hex) => tlv(0x06, Buffer.from(hex, "hex"))
const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"))
const nameOf = (/** @type {string} */ name) =>
  sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from(name)))))

const timeOf = (/** @type {number} */ millis) =>
  tlv(0x17, Buffer.from(`${new Date(millis).toISOString().replace(/\D/g, "").slice(2, 14)}Z`))

const day = 86_400_000

/**
 * A key and a certificate for a server of these names and addresses, which vouches for itself: it is its own authority.
 *
 * @param {{ names: ReadonlyArray<string>, addresses: ReadonlyArray<string> }} subject
 */
const makeCertificate = ({ addresses, names }) => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const alternatives = [
    ...names.map((name) => tlv(0x82, Buffer.from(name))),
    ...addresses.map((address) => tlv(0x87, Buffer.from(address.split(".").map(Number))))
  ]
  const extensions = sequence(
    sequence(oid("551d13"), tlv(0x01, Buffer.from([0xff])), tlv(0x04, sequence(tlv(0x01, Buffer.from([0xff]))))),
    sequence(oid("551d11"), tlv(0x04, sequence(...alternatives)))
  )
  const name = nameOf("a test")
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    sequence(timeOf(Date.now() - day), timeOf(Date.now() + day)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, extensions)
  )
  const signature = tlv(0x03, Buffer.from([0]), sign("sha256", body, privateKey))
  const lines =
    sequence(body, ecdsaWithSha256, signature)
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`
  }
}

const settingsOf = (/** @type {ServiceName} */ service, /** @type {string} */ cert, /** @type {string} */ key) =>
  service === "pg"
    ? ["-c", "ssl=on", "-c", `ssl_cert_file=${cert}`, "-c", `ssl_key_file=${key}`]
    : [`--ssl-cert=${cert}`, `--ssl-key=${key}`]

/**
 * Starts a server of one's own with a certificate for these names and addresses, by which alone it is trusted.
 *
 * @param {ServiceName} service
 * @param {{ names: ReadonlyArray<string>, addresses: ReadonlyArray<string> }} subject
 */
export const startCertifiedServer = async (service, subject) => {
  const { certificate, key } = makeCertificate(subject)
  const folder = makeScratch()
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")]
  writeFileSync(certFile, certificate)
  writeFileSync(keyFile, key, { mode: 0o600 })
  giveToServers(folder)
  const server = await startServer(service, {
    settings: settingsOf(service, certFile, keyFile),
    // A container has none of these files.
    origins: ["machine", "debian"]
  })
  return {
    url: server.url,
    certificate,
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true })
    }
  }
}
