// A backend, an OpenID provider, and configurations of gateways whose users log in there.
import { type Answer, type Backend, mirror, startBackend } from "./backend.ts";
import type { Reply } from "./client.ts";
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
  const close = async () => {
    await Promise.all([backend.close(), oidc.close()]);
  };
  return { backend, oidc, ports, at, beside, text, close };
}

/** Status and code of an error. */
export function codeOf({ status, text }: Reply): string {
  return `${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ""}`.trim();
}
