/** The local time in a zone of the IANA database; `null` where there is no such zone. */
export const timeIn = (zone: string, at: Date): string | null => {
  try {
    return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(at)
  } catch {
    return null
  }
}

/** `?zone=Europe/Berlin&zone=Asia/Tokyo`; whatever else a query may hold is no zone. */
export const zonesOf = (query: unknown): ReadonlyArray<string> => {
  const { zone } = query as { readonly zone?: unknown }
  return [zone].flat().filter((each) => typeof each === "string")
}
