// Filters that authentication adds to WebSocket handshakes of a route.
import { cookieOrigin, tokenSubprotocol } from "../../auth/jwt/handshakes.ts";
import { isByCookie, type TokenPlaces } from "../../auth/jwt/token-places.ts";
import { keyIn } from "../../auth/key-places.ts";
import type { Config } from "../../config/config.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Filter } from "../../core/filter.ts";
import type { AuthMethod } from "../../core/identity.ts";
import { originCheck } from "../../websocket/origin.ts";

/** Filters that run after authentication. @param methods of the route @param places where the route accepts tokens */
export function identifiedHandshakes(
  { auth, frontend }: Config,
  methods: readonly AuthMethod[],
  places: readonly TokenPlaces[],
): readonly Filter[] {
  const { subprotocols, allowedOrigins } = frontend.websocket;
  const { apikey } = auth;
  const byCookie = (ctx: RequestContext): boolean => {
    const method = ctx.identity?.method;
    if (method === "jwt" || method === "oauth2") return isByCookie(places, ctx);
    if (method === "session") return true;
    return method === "apikey" && apikey!.cookie !== "" && keyIn({ ...apikey!, cookie: "" }, ctx) === null;
  };
  return [
    ...(places.length > 0 ? [tokenSubprotocol(subprotocols.length === 0)] : []),
    ...(places.some(({ cookie }) => cookie !== "") || apikey?.cookie || methods.includes("session")
      ? [cookieOrigin(byCookie, originCheck(allowedOrigins))]
      : []),
  ];
}
