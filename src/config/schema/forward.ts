// `auth.forward`: services that are asked about requests.
import type { Infer } from "./field.ts";
import { mapOf, object } from "./fields.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, dur, int, size, str, strings } from "./scalars.ts";

const service = {
  url: str("where it is asked; https, or http on this machine", ""),
  allowHTTP: bool("ask by http on other machines, too: whoever is on the way there can let anybody in", false),
  caFile: str("PEM trust anchors for `url`; empty = those of the runtime", ""),
  timeout: dur("for its answer; then the request is refused with 503", 5_000),
  maxConnections: int("most connections to it; further questions wait", 100, 1, 10_000),
  maxBodySize: size("largest body of its answers; beyond it the request is refused with 503", 65_536),
  requestHeaders: strings("headers of the client that it is told; default all but those about body and protocol"),
  responseHeaders: strings("headers of its answer that the request takes along; the client's own are always deleted"),
  clientHeaders: strings("headers of its answer that the client gets with the reply, such as `Set-Cookie`"),
  subjectHeader: str("header of its answer that names the subject; empty = nobody is named", ""),
  scopesHeader: str("header that lists scopes, with blanks or commas between", ""),
  groupsHeader: str("header that lists groups, with commas between", ""),
  rolesHeader: str("header that lists roles, with commas between", ""),
};

const forward = object("", {
  enabled: bool("ask the service about every request of rules that need authentication", false),
  ...service,
  services: mapOf("name → a further service, for rules that name it in `authService`", object("One service", service)),
});

/** `auth.forward`. */
export const forwardBlock = orSwitch(
  forward,
  "A service that is asked about each request: true, false or a block, which is on unless it says otherwise",
);

/** What the block and its `services` have in common. */
export type ForwardSection = Pick<Infer<typeof forward>, keyof typeof service>;
