const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
  return remainder
})

/** CRC-32 with the IEEE 802.3 polynomial, over the ASCII bytes of a text. */
export const crc32 = (ascii: string): number => {
  let remainder = 0xffffffff
  for (let i = 0; i < ascii.length; i++) {
    remainder = (remainder >>> 8) ^ (table[(remainder ^ ascii.charCodeAt(i)) & 0xff] as number)
  }
  return (remainder ^ 0xffffffff) >>> 0
}

/** The CRC-32 of a text as 6 characters of base62, zero-padded. */
export const checksum = (ascii: string): string => {
  let rest = crc32(ascii)
  let digits = ""
  for (let i = 0; i < 6; i++) {
    digits = alphabet[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}
