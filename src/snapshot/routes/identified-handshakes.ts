// Filters that authentication adds to WebSocket handshakes of a route.

import { type CredentialPlaces, isByCookie } from "../../auth/credential-places.ts";
import { cookieOrigin, tokenSubprotocol } from "../../auth/jwt/handshakes.ts";
import type { Config } from "../../config/config.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Filter } from "../../core/filter.ts";
import type { AuthMethod } from "../../core/identity.ts";
import { originCheck } from "../../websocket/origin.ts";

/** Filters that run after authentication. @param methods of the route @param places where the route accepts tokens */
export function identifiedHandshakes(
  { auth, frontend }: Config,
  methods: readonly AuthMethod[],
  places: readonly CredentialPlaces[],
): readonly Filter[] {
  const { subprotocols, allowedOrigins } = frontend.websocket;
  const keys = auth.apikey?.places ?? [];
  const [byToken, byKey] = [isByCookie(places), isByCookie(keys)];
  const byCookie = (ctx: RequestContext): boolean => {
    const method = ctx.identity?.method;
    if (method === "jwt" || method === "oauth2") return byToken(ctx);
    return method === "session" || (method === "apikey" && byKey(ctx));
  };
  const mayBeByCookie = methods.includes("session") || [...places, ...keys].some(({ cookie }) => cookie !== "");
  return [
    ...(places.length > 0 ? [tokenSubprotocol(subprotocols.length === 0)] : []),
    ...(mayBeByCookie ? [cookieOrigin(byCookie, originCheck(allowedOrigins))] : []),
  ];
}
