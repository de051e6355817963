// `/etc/nsswitch.conf`: whether names are resolved in ways that only the system's resolver supports (nsswitch.conf(5)).

/** Sources that matter for names of one label and below `.local` alone: the machine's own name, multicast DNS. */
const LOCAL_SOURCES = /^(myhostname|mymachines|mdns[46]?(_minimal)?)$/;

/** Decides by name whether the system has to be asked. */
type NameServices = (name: string) => boolean;

/** Without a line for hosts, only files and DNS are used. */
export function parseNameServices(text: string): NameServices {
  const line = /^\s*hosts\s*:(.*)$/m.exec(text)?.[1]?.replace(/#.*/, "");
  if (line === undefined) return () => false;
  const sources = line
    .replace(/\[[^\]]*\]/g, " ")
    .trim()
    .split(/\s+/);
  const own = sources.filter((source) => !LOCAL_SOURCES.test(source)).join(" ");
  if (own !== "files dns") return () => true;
  if (sources.length === 2) return () => false;
  return (name) => !name.includes(".") || name.endsWith(".local");
}
