// A backend, an OpenID provider, and configurations of gateways whose users log in there.
import assert from "node:assert/strict";
import { type Answer, type Backend, type Mirrored, mirror, startBackend, valuesOf } from "./backend.ts";
import { call, type Reply } from "./client.ts";
import { CookieClient } from "./cookie-client.ts";
import { type GatewayProcess, startGateway } from "./gateway.ts";
import { type OidcServer, type OidcSetup, startOidc } from "./oidc.ts";
import { freePort } from "./ports.ts";
import { type Block, configText } from "./setup.ts";

/** A secret of sessions. */
export const SECRET = "the first secret of all gateways";

/** What differs between configurations. */
export interface LoginText {
  /** Keys of `auth.session`. */
  readonly session?: Block;
  /** Further keys of `auth`. */
  readonly auth?: Block;
  /** Keys of the provider `main`. */
  readonly provider?: Block;
  /** Further providers. */
  readonly providers?: readonly Block[];
  /** Rules before the usual ones. */
  readonly rules?: readonly Block[];
  readonly services?: Readonly<Record<string, number>>;
  /** Further sections. */
  readonly more?: Block;
}

/** A test, at the end of which something is done. */
interface Ending {
  after(run: () => Promise<void>): void;
}

/** All that a login takes. */
export interface LoginWorld {
  readonly backend: Backend;
  readonly oidc: OidcServer;
  /** Ports that the provider knows: of the gateway, and of a second one. */
  readonly ports: readonly [number, number];
  /** URL at the gateway. */
  at(path: string): string;
  /** URL at the second one. */
  beside(path: string): string;
  text(more?: LoginText, port?: number): string;
  /** Starts a gateway with such a configuration, killed when the test ends. */
  start(t: Ending, more?: LoginText, port?: number): Promise<GatewayProcess>;
  /** A browser that has logged in at the gateway. */
  loggedIn(): Promise<CookieClient>;
  /** Starts a login, and stops where the provider redirects back. @returns URL of the callback */
  untilCallback(browser: CookieClient, path: string): Promise<string>;
  /** Refreshes that the provider was asked for since the last login of {@link loggedIn}. */
  refreshes(): number;
  close(): Promise<void>;
}

/** Starts backend and provider. */
export async function startLogin(setup: OidcSetup = {}, answer: Answer = mirror): Promise<LoginWorld> {
  const backend = await startBackend(answer);
  const ports = [await freePort(), await freePort()] as const;
  const [at, beside] = ports.map((port) => (path: string) => `http://127.0.0.1:${port}${path}`) as [
    (path: string) => string,
    (path: string) => string,
  ];
  const oidc = await startOidc({
    redirectUris: [
      at("/auth/callback"),
      at("/auth/callback?provider=main"),
      at("/auth/other"),
      beside("/auth/callback"),
    ],
    logoutUris: [at("/"), at("/open/bye")],
    ...setup,
  });
  const text = ({ session, auth, provider, providers, rules, services, more }: LoginText = {}, port = ports[0]) => {
    const main = {
      ...{ name: "main", clientId: "app", clientSecret: "app-secret", issuerUrl: oidc.issuer },
      ...{ redirectURL: at("/auth/callback"), ...provider },
    };
    return configText({
      rules: [
        ...(rules ?? []),
        { id: "app", path: "/*", serviceName: "up" },
        { id: "open", path: "/open/*", serviceName: "up", metadata: { skipAuth: true } },
        { id: "maybe", path: "/maybe/*", serviceName: "up", authRequired: "optional" },
      ],
      services: { up: backend.port, ...services },
      front: { port },
      more: {
        auth: {
          oauth2: { providers: [main, ...(providers ?? [])] },
          session: { secrets: SECRET, ...session },
          ...auth,
        },
        ...more,
      },
    });
  };
  return {
    ...{ backend, oidc, ports, at, beside, text },
    async start(t, more, port) {
      const started = await startGateway(text(more, port), { args: ["-hot-reload=false"] });
      t.after(() => started.kill());
      return started;
    },
    async loggedIn() {
      const browser = new CookieClient();
      const { reply } = await browser.go(at("/"));
      assert.equal(reply.status, 200, reply.text);
      oidc.asked.length = 0;
      return browser;
    },
    async untilCallback(browser, path) {
      const { url } = await browser.go(at(path), at("/auth/callback"));
      assert.ok(url.startsWith(at("/auth/callback?code=")), url);
      return url;
    },
    refreshes: () => oidc.asked.filter((what) => what === "/token refresh_token").length,
    async close() {
      await Promise.all([backend.close(), oidc.close()]);
    },
  };
}

/** Requests of one browser, all at once, with the cookies it has now. */
export function burst(browser: CookieClient, urls: readonly string[]): Promise<readonly Reply[]> {
  const headers = ["Cookie", browser.line()];
  return Promise.all(urls.map((url) => call(Number(new URL(url).port), { path: "/", headers })));
}

/** What a mirroring backend was sent. */
export function seen(reply: Reply): Mirrored {
  assert.equal(reply.status, 200, reply.text);
  return JSON.parse(reply.text) as Mirrored;
}

/** The user as a mirroring backend was told; undefined: nobody. */
export function subjectOf(reply: Reply): string | undefined {
  return valuesOf(seen(reply).headers, "X-Auth-Subject")[0];
}

/** Status and code of an error. */
export function codeOf({ status, text }: Reply): string {
  return `${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ""}`.trim();
}
