/** Incremental Markdown: a settled block never changes while text arrives; only the tail is lexed. */
import { Lexer, type Token, type TokensList } from 'marked';
import remend from 'remend';

export interface Block {
  /** Where the block begins in the source: stable while text arrives. */
  readonly id: number;
  readonly token: Token;
  readonly open: boolean;
}

/** Only what closes the very end of the text: anything else would shift the offsets of what is before it. */
const CLOSE_ONLY = { singleTilde: false, comparisonOperators: false, htmlTags: false, katex: false };

export class StreamDoc {
  blocks: readonly Block[] = [];
  #source = '';
  #settled = 0;                                   // everything before this offset is final
  #links: TokensList['links'] = {};
  #ended = false;

  get source() { return this.#source; }

  /** Makes `text` the document. When it only grew, only its tail is read. */
  set(text: string, done: boolean) {
    const whole = normal(text);
    if (this.#ended || !whole.startsWith(this.#source)) this.#restart();
    if (done) { this.#source = whole; this.end(); }
    else if (whole.length > this.#source.length) this.push(whole.slice(this.#source.length));
  }

  push(delta: string) {
    this.#source += normal(delta);
    this.#lex(false);
  }

  /** No more text: closes what is open, and resolves links whose address came later. */
  end() {
    this.#lex(true);
    this.#ended = true;
    if (!Object.keys(this.#links).length) return;
    const shown = new Map(this.blocks.map((block) => [block.id, block]));
    this.blocks = placed(new Lexer({ gfm: true }).lex(this.#source), 0, Infinity).map((block) => {
      const old = shown.get(block.id);
      return old && old.token.raw === block.token.raw && !old.token.raw.includes('[') ? old : block;
    });
  }

  #restart() {
    // The blocks stay until the next lexing, so that equal ones keep their elements.
    this.#source = '';
    this.#settled = 0;
    this.#links = {};
    this.#ended = false;
    this.blocks = [];
  }

  #lex(done: boolean) {
    const kept = this.blocks.filter((block) => !block.open), tail = this.#source.slice(this.#settled);
    const code = done ? undefined : openFence(tail);
    if (code) { this.blocks = [...kept, { id: this.#settled, token: code, open: true }]; return; }

    const lexer = new Lexer({ gfm: true });
    Object.assign(lexer.tokens.links, this.#links);
    const tokens = lexer.lex(done ? tail : remend(tail, CLOSE_ONLY));
    this.#links = tokens.links;

    const settled = done ? tokens.length : settledCount(tokens), from = this.#settled;
    for (const token of tokens.slice(0, settled)) this.#settled += token.raw.length;
    this.blocks = kept.concat(placed(tokens, from, settled));
  }
}

export function blocksOf(source: string): readonly Block[] {
  const doc = new StreamDoc();
  doc.set(source, true);
  return doc.blocks;
}

function placed(tokens: Token[], from: number, settled: number): Block[] {
  let at = from;
  return tokens.flatMap((token, i) => {
    const id = at;
    at += token.raw.length;
    return token.type === 'space' || token.type === 'def' ? [] : [{ id, token, open: i >= settled }];
  });
}

/** A list may go on after a blank line, and a few characters are not yet a bullet, a number or a paragraph. */
function settledCount(tokens: Token[]): number {
  const solid = (before: number) => tokens.findLastIndex((token, i) => i < before && token.type !== 'space');
  const last = solid(tokens.length);
  return Math.max(0, last > 0 && tokens[last]!.raw.length < 8 ? solid(last) : last);
}

/** Code that is still being written needs no lexing: it is text until its fence closes. */
function openFence(tail: string): Token | undefined {
  const [line, fence] = /^ {0,3}(`{3,}|~{3,})[^\n]*(?:\n|$)/.exec(tail) ?? [];
  if (!line || !fence || new RegExp(`\\n {0,3}${fence[0]}{${fence.length},}[ \\t]*(?:\\n|$)`).test(tail)) return undefined;
  return { type: 'code', raw: tail, lang: line.trim().slice(fence.length).trim(), text: tail.slice(line.length) };
}

/** Offsets are counted in the source, so it has to be what the lexer reads. */
const normal = (text: string) => (text.includes('\r') ? text.replaceAll('\r', '') : text);
