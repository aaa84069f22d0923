// A web server on this machine with one page; says its address.

import { createServer } from "node:http";

const PAGE = "<!doctype html><html lang=en><title>Herons</title><main><h1>Grey herons</h1><p>Grey herons stand still for a long time, and then they do not.</p></main></html>";
const server = createServer((request, response) => {
  if (request.url !== "/heron.html") return void response.writeHead(404).end();
  response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
});
server.listen(0, "127.0.0.1", () => console.log(`listens on http://127.0.0.1:${server.address().port}`));
