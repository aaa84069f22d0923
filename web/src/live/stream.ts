/** Live events over server-sent events, one request per topic: for networks that let no WebSocket through. */
import { queryString } from '../api/call';
import type { Connect, LiveEvent, Reports } from './link';

export interface ServerSent { id: string; event: string; data: string; retry: number | null }

/** A stream that ended without an error is asked for again after this many milliseconds. */
const PAUSE = 1000;

export const streamLink = (get: typeof fetch = (...args) => fetch(...args)): Connect => (reports) => {
  const streams = new Map<string, AbortController>();
  let over = false;

  const end = () => { if (over) return; close(); reports.closed(); };
  const close = () => { over = true; for (const stream of streams.values()) stream.abort(); };
  const leave = (topic: string) => { streams.get(topic)?.abort(); streams.delete(topic); };

  async function read(topic: string, after: number) {
    leave(topic);
    const stream = new AbortController();
    streams.set(topic, stream);
    let last = after;
    try {
      while (!stream.signal.aborted) {
        const response = await get('/api/live' + queryString({ topic, after: last }), { credentials: 'same-origin', headers: { accept: 'text/event-stream' }, signal: stream.signal });
        if (response.status === 403 || response.status === 404) { streams.delete(topic); return reports.frame({ op: 'error', topic, code: `http_${response.status}` }); }
        if (!response.ok || !response.body) return end();
        reports.heard();
        for await (const sent of serverSent(response.body, reports.heard)) {
          if (stream.signal.aborted) return;
          if (sent.event !== 'reset' && sent.id) last = Number(sent.id);
          tell(reports, topic, sent);
        }
        await new Promise((done) => setTimeout(done, PAUSE));
      }
    } catch { if (!stream.signal.aborted) end(); }
  }

  queueMicrotask(() => { if (!over) reports.opened(); });
  return { follow: (topic, after) => void read(topic, after), leave, close };
};

function tell(reports: Reports, topic: string, { event, data, id, retry }: ServerSent) {
  if (event === 'server-stopping') return reports.frame({ op: 'server-stopping', retry_ms: retry ?? PAUSE });
  if (!data) return;
  const body = JSON.parse(data) as LiveEvent;
  if (event === 'reset') return reports.frame({ op: 'reset', topic, seq: body.seq ?? Number(id) });
  reports.frame({ ...body, topic });
}

/** Takes an event stream apart (HTML standard, 9.2.6). */
export async function* serverSent(body: ReadableStream<Uint8Array>, heard: () => void = () => {}): AsyncGenerator<ServerSent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '', id = '', event = 'message', retry: number | null = null, data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') {
          if (data.length || event !== 'message') yield { id, event, data: data.join('\n'), retry };
          event = 'message';
          data = [];
          retry = null;
          continue;
        }
        const colon = line.indexOf(':');
        if (colon === 0) continue;
        const field = colon < 0 ? line : line.slice(0, colon), text = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (field === 'data') data.push(text);
        else if (field === 'event') event = text;
        else if (field === 'id') id = text;
        else if (field === 'retry') retry = Number(text);
      }
    }
  } finally { void reader.cancel().catch(() => {}); }
}
