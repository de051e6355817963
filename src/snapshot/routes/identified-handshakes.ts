// What authentication adds to handshakes of WebSockets on a route.
import { cookieOrigin, tokenSubprotocol } from "../../auth/jwt/handshakes.ts";
import { isByCookie } from "../../auth/jwt/token-places.ts";
import { keyIn } from "../../auth/key-places.ts";
import type { Config } from "../../config/config.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Filter } from "../../core/filter.ts";
import type { AuthMethod } from "../../core/identity.ts";
import { originCheck } from "../../websocket/origin.ts";

/** Filters that run behind authentication. @param methods of the route */
export function identifiedHandshakes({ auth, frontend }: Config, methods: readonly AuthMethod[]): readonly Filter[] {
  const { subprotocols, allowedOrigins } = frontend.websocket;
  const { jwt, apikey } = auth;
  const byCookie = (ctx: RequestContext): boolean => {
    const method = ctx.identity?.method;
    if (method === "jwt") return isByCookie(jwt!.places, ctx);
    return method === "apikey" && apikey!.cookie !== "" && keyIn({ ...apikey!, cookie: "" }, ctx) === null;
  };
  return [
    ...(methods.includes("jwt") ? [tokenSubprotocol(subprotocols.length === 0)] : []),
    ...(jwt?.places.cookie || apikey?.cookie ? [cookieOrigin(byCookie, originCheck(allowedOrigins))] : []),
  ];
}
