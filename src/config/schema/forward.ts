// `auth.forward`: authorization services.
import type { Infer } from "./field.ts";
import { mapOf, object } from "./fields.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, dur, int, size, str, strings } from "./scalars.ts";

const service = {
  url: str("URL of check requests; https, or http on this machine", ""),
  allowHTTP: bool("allow http to other machines; anyone on the path can then forge answers", false),
  caFile: str("PEM trust anchors for `url`; empty = those of the runtime", ""),
  timeout: dur("maximum duration of one check; then the request is answered 503", 5_000),
  maxConnections: int("maximum number of connections; further checks wait", 100, 1, 10_000),
  maxBodySize: size("largest body of an answer; larger ones are answered 503", 65_536),
  requestHeaders: strings(
    "client headers sent with check requests; default all but those about body, connection, upgrade, conditions and ranges",
  ),
  responseHeaders: strings(
    "headers of a 2xx answer set on the request; client-sent ones of these names are always deleted",
  ),
  clientHeaders: strings("headers of a 2xx answer set on the reply to the client, such as `Set-Cookie`"),
  subjectHeader: str("header of a 2xx answer that contains the subject; empty = requests are anonymous", ""),
  scopesHeader: str("header of a 2xx answer that contains scopes, separated by spaces or commas", ""),
  groupsHeader: str("header of a 2xx answer that contains groups, separated by commas", ""),
  rolesHeader: str("header of a 2xx answer that contains roles, separated by commas", ""),
};

const forward = object("", {
  enabled: bool("delegate authentication to the service", false),
  ...service,
  services: mapOf("name → another service, for rules with that `authService`", object("One service", service)),
});

/** `auth.forward`. */
export const forwardBlock = orSwitch(
  forward,
  "Authorization service: true, false or a block, which is on unless it says otherwise",
);

/** What the block and its `services` have in common. */
export type ForwardSection = Pick<Infer<typeof forward>, keyof typeof service>;
