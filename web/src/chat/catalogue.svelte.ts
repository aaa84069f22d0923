/** The models and tools there are, asked for once and again on demand. */
import { models, tools } from '../api/client';
import type { Model, Models, Tool, Verdict } from '../api/types';

class Catalogue {
  models = $state.raw<Models | null>(null);
  tools = $state.raw<readonly Tool[] | null>(null);
  checking = $state(false);

  async load() {
    await Promise.all([
      models.list().then((it) => { this.models = it; }),
      tools.list().then((it) => { this.tools = it.items; }),
    ]);
  }

  /** Asks every model, or one, whether it answers. */
  async check(name?: string) {
    this.checking = true;
    try { this.models = await models.check(name); } finally { this.checking = false; }
  }

  /** Says what happens when an agent asks for a tool: shown at once, taken back if the server refuses it. Saying what is the default anyway takes the rule away. */
  async rule(tool: Tool, verdict: Verdict) {
    this.#judge(tool.name, verdict);
    try { await tools.rule(tool.name, verdict === tool.default_verdict ? null : verdict); } catch (err) {
      this.#judge(tool.name, tool.verdict);
      throw err;
    }
  }

  /** The model a conversation that names `name` (or none) gets. */
  model(name: string | null): Model | undefined {
    const wanted = name ?? this.models?.default;
    return this.models?.items.find((it) => it.name === wanted);
  }
  tool(name: string): Tool | undefined { return this.tools?.find((it) => it.name === name); }

  #judge(name: string, verdict: Verdict) { this.tools = (this.tools ?? []).map((it) => (it.name === name ? { ...it, verdict } : it)); }
}

export const catalogue = new Catalogue();
