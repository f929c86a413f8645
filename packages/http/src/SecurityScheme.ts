/**
 * A security scheme of OpenAPI 3.
 *
 * @since 0.1.0
 */
export type SecurityScheme =
  | { readonly type: "http"; readonly scheme: string; readonly description: string }
  | {
      readonly type: "apiKey"
      readonly in: "header" | "query" | "cookie"
      readonly name: string
      readonly description: string
    }
