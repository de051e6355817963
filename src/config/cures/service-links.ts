// Variables that Kubernetes, and Docker before it, set for every service of a namespace: for one called gateway-metrics,
// GATEWAY_METRICS_PORT=tcp://10.0.0.1:9090. They are ignored, although their names look like those of settings.

const LINK = /^(tcp|udp|sctp):\/\/\[?[0-9a-fA-F.:]+\]?:\d+$/;
const NAMES = /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$|_ENV_[A-Z]/;

/** Whether a value has the form of such a variable. */
export function isServiceLink(value: string): boolean {
  return LINK.test(value);
}

/** Whether a name has the form of such a variable. */
export function isServiceVariable(name: string): boolean {
  return NAMES.test(name);
}

/** The warning that such a variable has no effect. */
export function serviceLinkIgnored(name: string): string {
  const service = name
    .replace(/_PORT$/, "")
    .toLowerCase()
    .replaceAll("_", "-");
  return `environment variable ${name} is ignored: Kubernetes sets it for the service "${service}"; enableServiceLinks: false in the pod keeps such variables away`;
}
