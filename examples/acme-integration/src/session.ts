import { createHmac, timingSafeEqual } from "node:crypto"
import type { Request, Response } from "express"

const lifetime = 12 * 60 * 60 * 1000

/** Who is signed in: a cookie that only this application can write. */
export const makeSession = (secret: string) => {
  const sign = (text: string): string => createHmac("sha256", secret).update(text).digest("base64url")

  const equal = (a: string, b: string): boolean =>
    a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

  return {
    start: (res: Response, customerId: string): void => {
      const content = `${customerId}.${Date.now() + lifetime}`
      res.cookie("session", `${content}.${sign(content)}`, {
        httpOnly: true,
        // Not sent along from other sites, which is what keeps their forms out.
        sameSite: "strict",
        secure: process.env.NODE_ENV === "production",
        maxAge: lifetime
      })
    },
    end: (res: Response): void => void res.clearCookie("session"),
    customerId: (req: Request): string | null => {
      const cookie = /(?:^|; )session=([^;]+)/.exec(req.headers.cookie ?? "")?.[1] ?? ""
      const [id = "", expires = "", signature = ""] = cookie.split(".")
      return equal(signature, sign(`${id}.${expires}`)) && Number(expires) > Date.now() ? id : null
    }
  }
}

export type Session = ReturnType<typeof makeSession>
