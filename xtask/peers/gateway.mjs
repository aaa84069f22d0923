// The gateway by the TypeScript library, both ways, and by the inspector's command line: what was
// set up is in WORK/scene.json.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { row } from "./rows.mjs";

const kit = JSON.parse(process.env.PEERS);
const { key, servers } = JSON.parse(readFileSync(join(kit.work, "scene.json"), "utf8"));
const { Client, StreamableHTTPClientTransport } = createRequire(join(kit.node, "package.json"))("@modelcontextprotocol/client");
const modern = join(kit.node, "node_modules/node/bin/node");
const inspector = join(kit.node, "node_modules/.bin/mcp-inspector");
const headers = { authorization: `Bearer ${key}` };

for (const server of servers) {
  for (const mode of ["auto", "legacy"]) {
    await row(server.name, `gateway, TypeScript ${mode}`, () => byLibrary(server, mode));
  }
  await row(server.name, "gateway, inspector", () => byInspector(server));
}

async function byLibrary({ url, tool, args, says }, mode) {
  const client = new Client({ name: "peers", version: "1" }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    const result = await client.callTool({ name: tool, arguments: args });
    expect(JSON.stringify(result), says);
    return [result, `${tools.length} tools, ${client.getNegotiatedProtocolVersion?.() ?? ""}`];
  } finally {
    await client.close();
  }
}

async function byInspector({ url, tool, args, says }) {
  const words = [inspector, "--cli", url, "--transport", "http", "--header", `Authorization: Bearer ${key}`, "--method"];
  const env = { ...process.env, MCP_CATALOG_PATH: join(kit.work, "inspector.json") };
  const given = Object.entries(args).flatMap(([name, value]) => ["--tool-arg", `${name}=${value}`]);
  const run = async (...more) => (await promisify(execFile)(modern, [...words, ...more], { env })).stdout;
  const { tools } = JSON.parse(await run("tools/list"));
  const said = await run("tools/call", "--tool-name", tool, ...given);
  expect(said, says);
  return [said, `${tools.length} tools`];
}

function expect(told, words) {
  if (!told.includes(words)) throw new Error(`no ${words} in ${told}`);
}
