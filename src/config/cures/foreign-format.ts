// Recognises files of other formats, such as TOML, nginx or XML, by their first line that is no comment.

/** What the file is instead, as a message; null when it may be YAML. */
export function foreignFormat(text: string): string | null {
  const first =
    text
      .split("\n")
      .find((line) => line.trim() !== "" && !/^\s*#/.test(line))
      ?.trim() ?? "";
  if (/^\[{1,2}[\w."-]+\]{1,2}$/.test(first)) return "this looks like TOML or INI; a configuration is written in YAML";
  if (/^[^"'{:]*[^"'{:\s]\s*\{$/.test(first) || /^:\d+ \{$/.test(first) || /^[a-z_]+ [^:]*;$/.test(first))
    return "this looks like a file of nginx, Caddy or HCL; a configuration is written in YAML";
  if (/^(\/\/|\/\*)/.test(first)) return "a comment begins with #";
  if (first.startsWith("<")) return "this looks like XML; a configuration is written in YAML";
  if (/^(global|defaults|frontend [\w-]+|backend [\w-]+)$/.test(first))
    return "this looks like a file of HAProxy; a configuration is written in YAML";
  return null;
}
