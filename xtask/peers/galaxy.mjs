// Galaxy over HTTP, as one person.

export class Galaxy {
  #bearer;

  constructor(address) {
    this.address = address;
  }

  // Makes the first account of a fresh server.
  static async setUp(address, token) {
    const galaxy = new Galaxy(address);
    const email = "peers@example.org";
    const password = crypto.randomUUID();
    await galaxy.call("POST", "/api/auth/setup", { token, email, name: "Peers", password });
    galaxy.signIn = async () => {
      const { access_token: bearer } = await galaxy.call("POST", "/api/auth/token", { email, password });
      galaxy.#bearer = bearer;
    };
    await galaxy.signIn();
    return galaxy;
  }

  async call(method, path, body) {
    const headers = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (this.#bearer) headers.authorization = `Bearer ${this.#bearer}`;
    const response = await fetch(this.address + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  // Adds a tool server and lets agents call all of its tools.
  async add(server) {
    const { server: added } = await this.call("POST", "/api/tool-servers", server);
    const ready = await this.#settled(added);
    if (ready.health.state !== "ready") {
      throw new Error(`it is ${ready.health.state}: ${ready.health.message}`);
    }
    const { tools, about } = await this.call("GET", `/api/tool-servers/${ready.id}`);
    for (const tool of tools) {
      await this.call("PUT", `/api/tools/${tool.name}/rule`, { verdict: "allow" });
    }
    return { ...ready, tools: tools.map((it) => it.tool), protocol: about?.protocol };
  }

  // A program that is fetched first takes longer than whoever adds it waits.
  async #settled(server) {
    for (const until = Date.now() + 120_000; Date.now() < until; ) {
      if (!["idle", "connecting"].includes(server.health.state)) return server;
      await new Promise((done) => setTimeout(done, 500));
      ({ server } = await this.call("GET", `/api/tool-servers/${server.id}`));
    }
    return server;
  }

  // Asks in a chat and gives the answer with all that its tools said: `{ state, said, calls }`.
  async ask(message, more = {}) {
    const reply = await this.call("POST", "/api/chat", { message, ...more });
    return { ...reply, calls: await this.calls(reply) };
  }

  // Asks, and reads along while it is answered: progress is not kept.
  async follow(text, model) {
    const { id } = await this.call("POST", "/api/conversations", { model });
    const { run_id: run } = await this.call("POST", `/api/conversations/${id}/messages`, { text });
    const headers = { authorization: `Bearer ${this.#bearer}`, accept: "text/event-stream" };
    const { body } = await fetch(`${this.address}/api/runs/${run}/events`, { headers });
    const calls = [];
    let rest = "";
    for await (const piece of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop();
      const events = lines.filter((it) => it.startsWith("data:")).map((it) => JSON.parse(it.slice(5)));
      calls.push(...events.filter((it) => it.type?.startsWith("tool.")));
      if (events.some((it) => it.type === "run.finished")) break;
    }
    return { state: "finished", run_id: run, conversation_id: id, calls };
  }

  // The calls of a reply with their outcomes and whatever came.
  async calls({ conversation_id: conversation }) {
    const { items } = await this.call("GET", `/api/conversations/${conversation}/messages?limit=100`);
    const events = items.flatMap((it) => it.events ?? []);
    return events.filter((it) => it.type === "tool.finished" || it.type === "tool.elicited" || it.type === "tool.progress");
  }
}
