// Loaded before the conformance suite, which knows no keys: shows the key in CONFORMANCE_KEY to the
// server under test, and to nobody else.

import { realpathSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";

const origin = new URL(process.env.CONFORMANCE_URL).origin;
const authorization = `Bearer ${process.env.CONFORMANCE_KEY}`;

const plain = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const request = new Request(input, init);
  if (new URL(request.url).origin === origin && !request.headers.has("authorization")) {
    request.headers.set("authorization", authorization);
  }
  return plain(request);
};

const send = http.request;
http.request = (options, ...rest) => {
  const { hostname, port } = options;
  if (`http://${hostname}:${port}` === origin) {
    options = { ...options, headers: { authorization, ...options.headers } };
  }
  return send(options, ...rest);
};

// One scenario sends hosts of its own, by the suite's own copy of this library.
const undici = createRequire(realpathSync(process.argv[1]))("undici");
const authorized = (dispatch) => (options, handler) => {
  const headers = options.headers;
  if (String(options.origin) === origin && headers && !Array.isArray(headers)) {
    options = { ...options, headers: { authorization, ...headers } };
  }
  return dispatch(options, handler);
};
undici.setGlobalDispatcher(new undici.Agent().compose(authorized));
