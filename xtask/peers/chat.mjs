// Adds the tool servers of others to a fresh Galaxy and asks each of them in chats; leaves behind
// what clients need to reach them through the gateway: chat.mjs ADDRESS TOKEN, with the kit in PEERS.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cast } from "./cast.mjs";
import { Galaxy } from "./galaxy.mjs";
import { row } from "./rows.mjs";

const [address, token] = process.argv.slice(2);
const kit = JSON.parse(process.env.PEERS);
const galaxy = await Galaxy.setUp(address, token);
const scene = [];

for (const peer of cast(kit)) {
  if (kit.only.length && !kit.only.includes(peer.name)) continue;
  const server = await row(peer.name, "added", async () => {
    const { name, link, may_ask = false } = peer;
    const added = await galaxy.add({ name, link, may_ask });
    if (added.tools.includes(peer.without)) throw new Error(`it offers ${peer.without}`);
    return [added, `${added.tools.length} tools, ${added.protocol ?? ""}`];
  });
  if (!server) continue;
  for (const [at, ask] of peer.asks.entries()) {
    const model = ask.demo ? "demo" : "scripted";
    await row(peer.name, `chat, ${model} ${at + 1}`, () => asked(peer, server, ask));
  }
  if (peer.call) scene.push({ name: peer.name, url: `${address}/api/mcp/${peer.name}`, ...peer.call });
}

const { key } = await galaxy.call("POST", "/api/auth/keys", { name: "peers", scopes: ["read", "chat", "tasks"], expires_in_days: null });
const { id: person } = await galaxy.call("GET", "/api/auth/me");
writeFileSync(join(kit.work, "scene.json"), JSON.stringify({ address, key, person, servers: scene }));

async function asked(peer, server, { demo, script, says, outcome = "done", never, progress = 0, answer, restart, log }) {
  if (restart) await galaxy.call("POST", `/api/tool-servers/${server.id}/restart`);
  // The scripted provider knows tools by the ends of their names; others may have the same.
  const message = demo ?? script.replaceAll(/call (?=\S)/g, `call ${peer.name}__`);
  const model = demo ? "demo" : "scripted";
  let reply = progress ? await galaxy.follow(message, model) : await galaxy.ask(message, { model });
  if (answer) reply = await answered(reply, answer);
  const ends = reply.calls.filter((it) => it.type === "tool.finished");
  const told = JSON.stringify(ends);
  if (!ends.length) throw new Error(`nothing was called: ${reply.state}, ${reply.response}`);
  if (ends.at(-1).outcome !== outcome) throw new Error(`ended ${ends.at(-1).outcome}: ${told}`);
  for (const words of says) if (!told.includes(words)) throw new Error(`no ${words} in ${told}`);
  if (never && told.includes(never)) throw new Error(`it says ${never}`);
  const steps = reply.calls.filter((it) => it.type === "tool.progress").length;
  if (steps < progress) throw new Error(`only ${steps} steps of progress`);
  if (log) await logged(server);
  const tools = script ? [...script.matchAll(/call (?=\S)(\S+)/g)].map(([, tool]) => tool) : [demo.split(" ")[1]];
  return [reply, `${tools.join(", ")}${outcome === "done" ? "" : ": refused, as it should be"}`];
}

// Messages of the log come when the server likes.
async function logged({ id }) {
  for (const until = Date.now() + 20_000; Date.now() < until; await new Promise((done) => setTimeout(done, 250))) {
    const { items } = await galaxy.call("GET", `/api/tool-servers/${id}/log`);
    if (items.some((it) => !["stderr", "connection"].includes(it.source))) return;
  }
  throw new Error("nothing came into its log");
}

// A run that waits for an answer gets one, as the form in the conversation would send it.
async function answered(reply, values) {
  if (reply.state !== "parked") throw new Error(`it does not ask: ${reply.state}, ${JSON.stringify(reply.calls)}`);
  const { call, elicitation } = reply.calls.find((it) => it.type === "tool.elicited");
  const [[key, question]] = Object.entries(elicitation.questions);
  const known = Object.fromEntries(Object.entries(values).filter(([name]) => question.fields.some((it) => it.name === name)));
  const answers = { [key]: { action: "accept", content: known } };
  await galaxy.call("POST", `/api/runs/${reply.run_id}/respond`, { call, round: elicitation.round, answers });
  for (const until = Date.now() + 60_000; Date.now() < until; await new Promise((done) => setTimeout(done, 200))) {
    const { state } = await galaxy.call("GET", `/api/runs/${reply.run_id}`);
    if (["finished", "failed", "exhausted"].includes(state)) break;
  }
  return { ...reply, calls: await galaxy.calls(reply) };
}
