/** The row of the table of signing secrets' ids that holds the salt of their fingerprints. */
export const saltId = "salt"
