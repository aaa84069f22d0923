/** Resources and prompts as servers send them: read with care, for nothing in there is known to be as it should. */

export interface Resource { uri: string; name: string; title: string; description: string; type: string; size: number | null }
export interface PromptArgument { name: string; title: string; description: string; required: boolean }
export interface Prompt { name: string; title: string; description: string; arguments: PromptArgument[] }
/** A part of what was read. Only texts and raster images are shown; of the rest it is told what it is. */
export type Content =
  | { kind: 'text'; text: string; uri: string; type: string }
  | { kind: 'image'; type: string; data: string; uri: string }
  | { kind: 'other'; type: string; uri: string; bytes: number | null };
export interface PromptMessage { role: string; content: Content[] }
type Fields = Record<string, unknown>;

/** Pictures that are pixels and nothing else: an SVG is a document. */
const RASTER = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

const fields = (it: unknown): Fields => (it !== null && typeof it === 'object' && !Array.isArray(it) ? (it as Fields) : {});
const text = (it: unknown) => (typeof it === 'string' ? it : '');
const list = (it: unknown): unknown[] => (Array.isArray(it) ? it : []);

/** Of resources, by `uri`; of templates, by `uriTemplate`. */
export function resourcesFrom(items: readonly unknown[]): Resource[] {
  return items.map(fields).map((it) => ({
    uri: text(it.uri) || text(it.uriTemplate), name: text(it.name), title: text(it.title), description: text(it.description), type: text(it.mimeType),
    size: typeof it.size === 'number' && it.size >= 0 ? it.size : null,
  })).filter((it) => it.uri !== '');
}

export function promptsFrom(items: readonly unknown[]): Prompt[] {
  return items.map(fields).map((it) => ({
    name: text(it.name), title: text(it.title), description: text(it.description),
    arguments: list(it.arguments).map(fields).map((own) => ({ name: text(own.name), title: text(own.title), description: text(own.description), required: own.required === true })).filter((own) => own.name !== ''),
  })).filter((it) => it.name !== '');
}

/** What a resource holds. */
export const contentsOf = (result: unknown): Content[] => list(fields(result).contents).map(resourceContent);

/** What a prompt says when it is filled in. */
export function messagesOf(result: unknown): PromptMessage[] {
  return list(fields(result).messages).map(fields).map((it) => ({ role: text(it.role), content: (Array.isArray(it.content) ? it.content : [it.content]).map(block) }));
}

function block(given: unknown): Content {
  const it = fields(given), type = text(it.type);
  switch (type) {
    case 'text': return { kind: 'text', text: text(it.text), uri: '', type: 'text/plain' };
    case 'image': return picture(text(it.mimeType), text(it.data), '');
    case 'resource': return resourceContent(it.resource);
    case 'resource_link': return { kind: 'other', type: text(it.mimeType) || type, uri: text(it.uri), bytes: null };
    default: return { kind: 'other', type: text(it.mimeType) || type, uri: '', bytes: null };
  }
}

function resourceContent(given: unknown): Content {
  const it = fields(given), uri = text(it.uri), type = text(it.mimeType);
  if (typeof it.text === 'string') return { kind: 'text', text: it.text, uri, type };
  return picture(type, text(it.blob), uri);
}

function picture(type: string, data: string, uri: string): Content {
  if (RASTER.has(type) && BASE64.test(data)) return { kind: 'image', type, data: data.replace(/\s/g, ''), uri };
  return { kind: 'other', type, uri, bytes: data ? Math.floor((data.length * 3) / 4) : null };
}
