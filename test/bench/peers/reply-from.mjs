// A bare fastify with @fastify/reply-from: the fastest widely used proxy for Node.js, and the yardstick of our goals.
import replyFrom from "@fastify/reply-from";
import fastify from "fastify";

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const app = fastify({ logger: false });

// Bodies go through unparsed, as @fastify/http-proxy has it.
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

await app.register(replyFrom, { base: `http://127.0.0.1:${upstreamPort}` });
app.all("/*", (request, reply) => reply.from(request.raw.url));
await app.listen({ port, host: "127.0.0.1", backlog: 1024 });
