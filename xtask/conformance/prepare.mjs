// Makes the first account of a fresh server, adds tool servers (`name=address`), and prints a key
// for them: prepare.mjs ADDRESS TOKEN NAME=ADDRESS…

const [address, token, ...servers] = process.argv.slice(2);
const email = "conformance@example.org";
const password = crypto.randomUUID();

async function post(path, body, bearer) {
  const headers = { "content-type": "application/json" };
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  const response = await fetch(address + path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

await post("/api/auth/setup", { token, email, name: "Conformance", password });
const { access_token: bearer } = await post("/api/auth/token", { email, password });
for (const server of servers) {
  const [name, url] = server.split("=");
  const link = { kind: "http", url, inside: true };
  const added = await post("/api/tool-servers", { name, link, trusted: true, may_ask: true }, bearer);
  if (added.server.health.state !== "ready") {
    throw new Error(`${name} is ${added.server.health.state}: ${added.server.health.message}`);
  }
}
const scopes = ["read", "chat", "tasks"];
const { key } = await post("/api/auth/keys", { name: "suite", scopes, expires_in_days: null }, bearer);
console.log(key);
