import type { RateLimitStatus } from "@apikeys/core"
import type { CustomerKey } from "./CustomerKeys.js"
import type { Customer } from "./Customers.js"
import { type Html, html } from "./html.js"
import { plans } from "./plans.js"

const page = (title: string, body: Html): string =>
  html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title} · Acme</title>
<style>body { font: 16px/1.5 system-ui; max-width: 60rem; margin: 2rem auto } td, th { padding: 0 1rem 0 0; text-align: left } form { display: inline }</style>
</head><body><h1>${title}</h1>${body}</body></html>`.text

const credentials = (action: string, label: string): Html =>
  html`<p><form method="post" action="${action}">
  <input name="email" type="email" placeholder="Address" required>
  <input name="password" type="password" placeholder="Password" minlength="12" required>
  <button>${label}</button></form></p>`

export const welcomePage = (): string =>
  page("Welcome", html`${credentials("/sign-in", "Sign in")}${credentials("/sign-up", "Sign up")}`)

export const messagePage = (message: string): string =>
  page("Acme", html`<p role="alert">${message}</p><p><a href="/">Back</a></p>`)

/** The one page on which a plaintext stands, and the one time. */
export const plaintextPage = (plaintext: string | null): string =>
  plaintext === null
    ? messagePage("This key was made already, and shown then. If nobody took it down, replace it.")
    : page(
        "Your new key",
        html`<p>Take it down now: it is shown this once.</p>
<p><code>${plaintext}</code></p><p><a href="/keys">Done</a></p>`
      )

const button = (action: string, label: string): Html =>
  html`<form method="post" action="${action}"><button>${label}</button></form>`

const row = (key: CustomerKey, limits: ReadonlyArray<RateLimitStatus>): Html =>
  html`<tr><td>${key.name ?? ""}</td><td><code>${key.hint}</code></td>
<td>${key.status}${key.revokedReason === null ? "" : `: ${key.revokedReason}`}</td>
<td>${key.useCount}</td><td>${key.lastUsedAt?.toISOString() ?? "never"}</td>
<td>${key.status === "active" ? limits.map(({ name, remaining, requests }) => html`${name}: ${remaining} of ${requests}<br>`) : ""}</td>
<td>${key.status === "active" ? [button(`/keys/${key.id}/replace`, "It leaked: replace"), button(`/keys/${key.id}/revoke`, "Revoke")] : ""}</td></tr>
`

export const keysPage = (
  { email, plan }: Customer,
  keys: ReadonlyArray<readonly [CustomerKey, ReadonlyArray<RateLimitStatus>]>,
  form: string
): string =>
  page(
    "Your API keys",
    html`<p>${email}, on the ${plan} plan. ${button("/sign-out", "Sign out")}</p>
<table><tr><th>Name</th><th>Key</th><th>Status</th><th>Uses</th><th>Last used</th><th>Left</th><th></th></tr>
${keys.map(([key, limits]) => row(key, limits))}</table>
<p><form method="post" action="/keys"><input type="hidden" name="form" value="${form}">
<input name="name" placeholder="What is it for?" maxlength="100" required><button>New key</button></form>
${plans[plan].maxKeys} at most.</p>
<p><form method="post" action="/plan"><input type="hidden" name="plan" value="${plan === "free" ? "pro" : "free"}">
<button>${plan === "free" ? "Upgrade to pro" : "Back to free"}</button></form></p>`
  )
