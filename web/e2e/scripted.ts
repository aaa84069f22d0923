/** A model that says what a script tells it, over the OpenAI protocol on loopback. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One turn: words, then calls; or a refusal with a status. */
export interface Turn { text?: string; calls?: readonly { tool: string; input: object }[]; status?: number }
/** What a request is answered with, by what the person asked last and how often the model has spoken since. */
export type Script = (asked: string, spoken: number) => Turn;
interface Said { role: string; content?: string | { text?: string }[] | null }

export async function scripted(script: Script): Promise<{ url: string; close: () => void }> {
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => { body += data; });
    request.on('end', () => {
      if (!request.url?.endsWith('/chat/completions')) { response.writeHead(404).end(); return; }
      const { messages } = JSON.parse(body) as { messages: Said[] };
      const from = messages.findLastIndex((it) => it.role === 'user');
      answer(response, script(wordsOf(messages[from]), messages.slice(from).filter((it) => it.role === 'assistant').length));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, close: () => { server.closeAllConnections(); server.close(); } };
}

const wordsOf = (said: Said | undefined) => (typeof said?.content === 'string' ? said.content : (said?.content ?? []).map((it) => it.text ?? '').join(''));

function answer(response: ServerResponse, { text = '', calls = [], status = 200 }: Turn) {
  if (status !== 200) { response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"message":"the script says no"}}'); return; }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const tell = (choices: object[], more: object = {}) => response.write(`data: ${JSON.stringify({ id: 'scripted', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices, ...more })}\n\n`);
  const part = (delta: object, finish_reason: string | null = null) => tell([{ index: 0, delta, finish_reason }]);
  for (const word of text.split(/(?<=\s)/)) part({ content: word });
  calls.forEach(({ tool, input }, index) => part({ tool_calls: [{ index, id: `call_${tool}_${index}_${Date.now()}`, type: 'function', function: { name: tool, arguments: JSON.stringify(input) } }] }));
  part({}, calls.length ? 'tool_calls' : 'stop');
  tell([], { usage: { prompt_tokens: 2140 + text.length, completion_tokens: text.length >> 2, total_tokens: 0, prompt_tokens_details: { cached_tokens: 1024 } } });
  response.end('data: [DONE]\n\n');
}
