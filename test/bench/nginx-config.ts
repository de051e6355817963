// The two nginx configurations of the benchmark: the fast static upstream, and the proxy that is compared with.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchCertificate } from "./certificate.ts";
import type { Launch } from "./processes.ts";

const forever = 1_000_000_000;

/** Writes the configuration of the static upstream into a folder of its own and answers how to start it. */
export function nginxUpstream(folder: string, port: number): Launch {
  const small = "x".repeat(1024);
  const root = join(folder, "www");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "100k"), "x".repeat(102400));
  return nginx(
    folder,
    `
    server {
      listen 127.0.0.1:${port} backlog=1024;
      default_type application/octet-stream;
      location = /100k { root ${root}; open_file_cache max=10 inactive=1h; sendfile on; tcp_nopush on; }
      location = /1k { return 200 "${small}"; }
      location = /post { return 200 "${small}"; }
    }`,
  );
}

/** Writes the configuration of the plain keep-alive proxy into a folder of its own and answers how to start it. */
export function nginxProxy(folder: string, port: number, upstreamPort: number): Launch {
  return keepAliveProxy(folder, `${port}`, upstreamPort);
}

/** The same for clients of HTTPS. */
export function nginxHttpsProxy(folder: string, port: number, upstreamPort: number): Launch {
  const { cert, key } = benchCertificate();
  return keepAliveProxy(folder, `${port} ssl`, upstreamPort, `ssl_certificate ${cert}; ssl_certificate_key ${key};`);
}

function keepAliveProxy(folder: string, listen: string, upstreamPort: number, tls = ""): Launch {
  return nginx(
    folder,
    `
    upstream up { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests ${forever}; }
    server {
      listen 127.0.0.1:${listen} backlog=1024;
      ${tls}
      location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }
    }`,
  );
}

/** One process that is its own worker: nothing is left behind when it is killed. @param servers content of `http` */
export function nginx(folder: string, servers: string, connections = 4096): Launch {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`)
    .join(" ");
  writeFileSync(
    file,
    `daemon off;
  master_process off;
  pid ${join(folder, "nginx.pid")};
  error_log ${join(folder, "error.log")} warn;
  events { worker_connections ${connections}; }
  http {
    access_log off;
    ${temporary}
    keepalive_requests ${forever};
    keepalive_timeout 600s;
    ${servers}
  }\n`,
  );
  return { command: "nginx", args: ["-p", folder, "-c", file, "-e", join(folder, "error.log")] };
}
