// A minimal HTTP/1.1 server over node:net: stands in as the upstream where nginx is not installed.
import net from "node:net";

const port = Number(process.argv[2]);
const keep = answers("");
const close = answers("Connection: close\r\n");

/** The answer for each request line; the same bytes every time, made once. */
function answers(extra) {
  const small = answer("200 OK", 1024, extra);
  return {
    "GET /1k": small,
    "GET /100k": answer("200 OK", 102400, extra),
    "POST /post": small,
    other: answer("404 Not Found", 0, extra),
  };
}

function answer(status, bytes, extra) {
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\n${extra}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), Buffer.alloc(bytes, "x")]);
}

const server = net.createServer({ noDelay: true }, (socket) => {
  let pending = "";
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text) => {
    pending += text;
    for (;;) {
      const end = pending.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = pending.slice(0, end);
      let total;
      if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
        const mark = pending.indexOf("0\r\n\r\n", end);
        if (mark < 0) return;
        total = mark + 5;
      } else {
        total = end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        if (pending.length < total) return;
      }
      pending = pending.slice(total);
      const last = /\r\nconnection: *close/i.test(head);
      const set = last ? close : keep;
      socket.write(set[head.slice(0, head.indexOf(" HTTP/"))] ?? set.other);
      if (last) return void socket.end();
    }
  });
});

server.listen(port, "127.0.0.1", 1024);
