/** A form of keys, as they are found in a text. */
export interface MaskedForm {
  /** What a key begins with, to the letter; empty where that is nothing. */
  readonly head: string
  /** The characters after it, as a class of regular expressions writes them, in brackets. */
  readonly body: string
  /** How many characters after the head make it a key, or what is left of one. */
  readonly least: number
}

/** How many characters of a body are left, for people to tell keys apart. */
const hintLength = 4

const ascii = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i))

const anyCase = (hex: string): string => hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)

/** A character other than a letter or a digit, as it stands in a URL, in JSON or in a string of JavaScript. */
const encodings = (character: string): string => {
  const hex = anyCase(character.charCodeAt(0).toString(16).padStart(2, "0"))
  return `%(?:25){0,3}${hex}|\\\\u00${hex}|\\\\x${hex}`
}

const isPlain = (character: string): boolean => /[0-9A-Za-z]/.test(character)

const literal = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&")

const written = (character: string): string =>
  isPlain(character) ? character : `(?:${literal(character)}|${encodings(character)})`

/** One or more of a class: in long pieces, since nothing after them makes an expression go back. */
const runOf = (body: string): string => {
  const inClass = new RegExp(body)
  const encoded = ascii.filter((character) => !isPlain(character) && inClass.test(character)).map(encodings)
  return `(?:${[`${body}+`, ...encoded].join("|")})+`
}

/** An expression that finds a head and all that may be a body after it, however long. */
const finder = ({ body, head }: MaskedForm): RegExp =>
  new RegExp(`(${[...head].map(written).join("")})(${runOf(body)})`, "g")

/** What an engine remembers of its last match is the key that was found. */
const forgetMatch = (): void => {
  ;/(?:)/.exec("")
}

/** Masks one form in a text. A body is taken whole before its length is looked at. */
const mask = (text: string, found: RegExp, { head, least }: MaskedForm): string => {
  let masked = ""
  let told = 0
  found.lastIndex = 0
  for (let match = found.exec(text); match !== null; match = found.exec(text)) {
    const [whole, start = "", body = ""] = match
    if (body.length >= least) {
      masked += `${text.slice(told, match.index)}${start}${body.slice(0, hintLength)}…`
      told = match.index + whole.length
    } else if (head !== "") {
      // What is too short for a body may begin another key. It is short, so that to read it again takes no time.
      found.lastIndex = match.index + start.length
    }
  }
  return masked + text.slice(told)
}

/**
 * Masks keys in a text: of each is left its head and four characters. Goes over the text once for each form, in a time
 * that grows with the text alone.
 */
export const makeRedaction = (forms: ReadonlyArray<MaskedForm>): ((text: string) => string) => {
  const finders = forms.map((form) => [finder(form), form] as const)
  return (text) => {
    const masked = finders.reduce((left, [found, form]) => mask(left, found, form), text)
    forgetMatch()
    return masked
  }
}
