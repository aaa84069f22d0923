/**
 * What a view asks for, with the person in between: what reaches outside or speaks in their name is theirs to allow. A view asks for one thing at a time, and one
 * that was told no twice in a row is not heard any more.
 */
import { apps } from '../api/client';
import type { AppQuestion, AppView, Id, Reach } from '../api/types';
import { confirm } from '../design/confirm.svelte';
import { visible } from '../design/visible';
import { explain } from '../i18n/problem';
import { t } from '../i18n/t';
import { contextIn, linkIn, textIn } from './app-words';
import { Refused, type Params } from './mcp-app';

/** After so many noes in a row nobody is asked any more. */
const NOES = 2;

/** What the conversation around a view lends it. */
export interface Around {
  /** Says something in the person's name; fails while an answer is under way. */
  say(text: string): Promise<unknown>;
  /** Keeps what the view wants the agent to know with the next message; `null` takes it back. */
  know(text: string | null): void;
}

export class AppHost {
  /** What the person is asked about a tool. */
  question = $state.raw<{ asked: AppQuestion; answer: (reach: Reach | null) => void } | null>(null);
  readonly #left = new AbortController();
  #asking = false;
  #noes = 0;

  constructor(private readonly run: Id, private readonly call: string, private readonly view: AppView, private readonly around: Around) {}

  /** Nobody looks at the view any more: what it asked for is given up. */
  leave() {
    this.#left.abort();
    this.question?.answer(null);
  }

  async callTool(tool: string, args: Params): Promise<unknown> {
    const first = await this.#try(() => apps.call(this.run, this.call, { tool, arguments: args }, this.#left.signal));
    if (first.kind !== 'asks') return resultOf(first);
    const reach = await this.#ask(() => new Promise<Reach | null>((answer) => { this.question = { asked: first, answer: (it) => { this.question = null; answer(it); } }; }), (it) => it !== null);
    if (reach === null) throw new Refused('the person did not allow this call');
    const second = await this.#try(() => apps.call(this.run, this.call, { tool, arguments: args, yes: { digest: first.digest, reach } }, this.#left.signal));
    if (second.kind === 'asks') throw new Refused('the tool is not the one that was asked about any more');
    return resultOf(second);
  }

  readResource(uri: string): Promise<unknown> { return this.#try(() => apps.read(this.run, this.call, uri, this.#left.signal)); }

  async sendMessage(content: unknown): Promise<object> {
    const text = textIn(content);
    if (text === null) throw new Refused('only text, and not too much of it, is sent');
    const words = t.run.app, name = visible(this.view.title);
    const yes = await this.#ask(() => confirm({ title: words.sayTitle(name), text: visible(text), verb: words.say, deliberate: true }), Boolean);
    if (!yes) return { isError: true };
    try { await this.around.say(text); return {}; } catch { return { isError: true }; }
  }

  updateContext(params: Params): object {
    const empty = params.content === undefined && params.structuredContent === undefined;
    const text = contextIn(params);
    if (text === null && !empty) throw new Refused('only text and data, and not too much of it, is kept');
    this.around.know(text);
    return {};
  }

  async openLink(url: string): Promise<object> {
    const link = linkIn(url);
    if (!link) throw new Refused('only addresses of the web are opened');
    const words = t.run.app;
    const yes = await this.#ask(() => confirm({ title: words.openTitle(link.host), text: words.openText(visible(this.view.title), link.shown), verb: words.open, deliberate: true }), Boolean);
    if (!yes) return { isError: true };
    open(link.href, '_blank', 'noopener,noreferrer');
    return {};
  }

  /** Puts a question to the person, one at a time. */
  async #ask<T>(ask: () => Promise<T>, isYes: (it: T) => boolean): Promise<T> {
    if (this.#asking) throw new Refused('the person is being asked something else');
    if (this.#noes >= NOES) throw new Refused('the person does not want to be asked any more');
    this.#asking = true;
    try {
      const answer = await ask();
      this.#noes = isYes(answer) ? 0 : this.#noes + 1;
      return answer;
    } finally { this.#asking = false; }
  }

  /** What the server refuses is told to the view in the words that a person would read. */
  async #try<T>(ask: () => Promise<T>): Promise<T> {
    try { return await ask(); } catch (err) { throw new Refused(explain(err)); }
  }
}

function resultOf(called: { kind: 'answered'; result: unknown } | { kind: 'refused' | 'failed'; message: string }): unknown {
  if (called.kind === 'answered') return called.result;
  throw new Refused(called.message);
}
