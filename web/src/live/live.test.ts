import { afterEach, describe, expect, it } from 'vitest';
import type { Connect, Frame, LiveEvent, Reports } from './link';
import { Live, type Listener, type Status } from './live';
import { streamLink } from './stream';

/** A server whose log is kept, and whose lines can be cut or lose frames. */
class Server {
  log: LiveEvent[] = [];
  links: { reports: Reports; topics: Set<string>; frames: number }[] = [];
  follows: [string, number][] = [];
  opens = true;
  /** Whether the n-th frame of a line is lost on the way. */
  loses: (n: number) => boolean = () => false;

  readonly connect: Connect = (reports) => {
    const link = { reports, topics: new Set<string>(), frames: 0 };
    if (!this.opens) { queueMicrotask(reports.closed); return { follow() {}, leave() {}, close() {} }; }
    this.links.push(link);
    queueMicrotask(reports.opened);
    return {
      follow: (topic, after) => {
        this.follows.push([topic, after]);
        link.topics.add(topic);
        const last = this.log.findLast((it) => it.topic === topic)?.seq ?? 0;
        if (after > last) { queueMicrotask(() => reports.frame({ op: 'reset', topic, seq: last })); return; }
        for (const event of this.log.filter((it) => it.topic === topic && it.seq > after)) queueMicrotask(() => this.#send(link, event));
      },
      leave: (topic) => { link.topics.delete(topic); },
      close: () => { this.links = this.links.filter((it) => it !== link); },
    };
  };
  emit(topic: string) {
    const event = { topic, seq: this.log.filter((it) => it.topic === topic).length + 1, type: 'message.delta' };
    this.log.push(event);
    for (const link of this.links) this.#send(link, event);
  }
  tell(frame: Frame) { for (const link of this.links) link.reports.frame(frame); }
  kill() { for (const { reports } of [...this.links]) { this.links = []; reports.closed(); } }
  #send(link: Server['links'][number], event: LiveEvent) {
    if (!this.links.includes(link) || !link.topics.has(event.topic) || this.loses(link.frames++)) return;
    link.reports.heard();
    link.reports.frame(event);
  }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const never: Connect = () => { throw new Error('not by this way'); };
let live: Live | undefined;
afterEach(() => live?.close());

function collect(): Listener & { seen: number[]; lostCodes: string[] } {
  const seen: number[] = [], lostCodes: string[] = [];
  return { seen, lostCodes, on: (event) => { seen.push(event.seq); }, reset: (seq) => seq, lost: (code) => { lostCodes.push(code); } };
}

describe('live events', () => {
  it('arrive once each and in order: 3,000 through 4 cut lines and 6 lost frames', async () => {
    const server = new Server(), ear = collect(), lost = new Set([100, 250, 251, 400, 512, 600]);
    server.loses = (n) => lost.delete(n);
    live = new Live(true, server.connect, never);
    live.follow('run:a', 0, ear);
    for (let n = 0; n < 3000; n++) {
      server.emit('run:a');
      if (n % 20 === 0) await pause(0);
      if (n === 500 || n === 1100 || n === 1700 || n === 2300) server.kill();
    }
    await expect.poll(() => ear.seen.length, { timeout: 20_000 }).toBe(3000);
    expect(ear.seen).toEqual(Array.from({ length: 3000 }, (_, i) => i + 1));
    expect(lost.size).toBe(0);
  }, 30_000);

  it('go on from where each listener of a topic is', async () => {
    const server = new Server(), first = collect(), second = collect();
    for (let n = 0; n < 5; n++) server.emit('run:a');
    live = new Live(true, server.connect, never);
    live.follow('run:a', 3, first);
    await expect.poll(() => first.seen).toEqual([4, 5]);
    live.follow('run:a', 0, second);
    await expect.poll(() => second.seen).toEqual([1, 2, 3, 4, 5]);
    expect(first.seen).toEqual([4, 5]);
  });

  it('start from a new number when the log was compacted', async () => {
    const server = new Server(), seen: number[] = [];
    for (let n = 0; n < 40; n++) server.emit('run:a');
    server.loses = () => true;
    live = new Live(true, server.connect, never);
    live.follow('run:a', 7, { on: (event) => { seen.push(event.seq); }, reset: async (seq) => { await pause(5); return seq; } });
    await expect.poll(() => server.follows.length).toBe(1);
    server.tell({ op: 'reset', topic: 'run:a', seq: 40 });
    await expect.poll(() => server.follows.at(-1)).toEqual(['run:a', 40]);
    server.tell({ topic: 'run:a', seq: 41, type: 'x' });
    expect(seen).toEqual([41]);
  });

  it('of a topic without a number come from now on, and what may have been missed is fetched anew', async () => {
    const server = new Server(), seen: number[] = [], resets: (number | null)[] = [];
    for (let n = 0; n < 9; n++) server.emit('user:me');
    live = new Live(true, server.connect, never);
    live.follow('user:me', null, { on: (event) => { seen.push(event.seq); }, reset: (seq) => { resets.push(seq); return seq; } });
    await expect.poll(() => server.follows.at(-1)).toEqual(['user:me', 9]);
    server.emit('user:me');
    server.kill();
    server.emit('user:me');
    await expect.poll(() => seen).toEqual([10, 11]);
    expect(resets).toEqual([9]);
  });

  it('of a topic reach a listener that joins while another one fetches the state', async () => {
    let told: Reports | undefined, answer: ReturnType<typeof setTimeout> | undefined, fetched = (_: number) => {};
    const connect: Connect = (reports) => {
      told = reports;
      queueMicrotask(reports.opened);
      const follow = (topic: string, after: number) => {
        clearTimeout(answer);
        answer = setTimeout(() => { if (after > 0) reports.frame({ op: 'reset', topic, seq: 0 }); });
      };
      return { follow, leave() {}, close() {} };
    };
    const first = collect(), second = collect();
    const fetching = new Promise<void>((begun) => { first.reset = () => { begun(); return new Promise((done) => { fetched = done; }); }; });
    live = new Live(true, connect, never);
    live.follow('user:p', null, first);
    await fetching;
    first.reset = (seq) => seq;
    live.follow('user:p', null, second);
    fetched(0);
    await pause(20);
    told?.frame({ topic: 'user:p', seq: 1, type: 'task.updated' });
    expect([first.seen, second.seen]).toEqual([[1], [1]]);
  });
  it('that the log no longer has are made up for by what is stored', async () => {
    const server = new Server(), seen: number[] = [], resets: (number | null)[] = [];
    for (let n = 0; n < 9; n++) server.emit('run:a');
    server.log = server.log.filter(({ seq }) => seq < 3 || seq > 7);
    server.log.length = 4;
    live = new Live(true, server.connect, never);
    live.follow('run:a', 0, { on: (event) => { seen.push(event.seq); }, reset: (seq) => { resets.push(seq); return 9; } });
    await expect.poll(() => server.follows.length).toBe(2);
    await pause(300);
    server.tell({ topic: 'run:a', seq: 9, type: 'x' });
    await expect.poll(() => resets).toEqual([null]);
    server.tell({ topic: 'run:a', seq: 10, type: 'x' });
    expect(seen).toEqual([1, 2, 10]);
  });

  it('come as server-sent events once the socket has failed twice', async () => {
    const sockets = new Server(), streams = new Server(), ear = collect(), states: Status[] = [];
    sockets.opens = false;
    live = new Live(true, sockets.connect, streams.connect);
    live.onstatus = (status) => states.push(status);
    live.follow('run:a', 0, ear);
    await expect.poll(() => streams.links.length, { timeout: 5000 }).toBe(1);
    streams.emit('run:a');
    await expect.poll(() => ear.seen).toEqual([1]);
    expect(states.at(-1)).toBe('open');
  });

  it('end for a topic that is refused, and a listener that left hears nothing', async () => {
    const server = new Server(), refused = collect(), left = collect();
    live = new Live(true, server.connect, never);
    live.follow('run:x', 0, refused);
    const leave = live.follow('run:y', 0, left);
    await expect.poll(() => server.follows.length).toBe(2);
    server.tell({ op: 'error', topic: 'run:x', code: 'not_found' });
    leave();
    server.emit('run:x');
    server.emit('run:y');
    expect(refused.lostCodes).toEqual(['not_found']);
    expect([...refused.seen, ...left.seen]).toEqual([]);
  });

  it('go on after a moment in which the server could not read', async () => {
    const server = new Server(), ear = collect();
    live = new Live(true, server.connect, never);
    live.follow('run:a', 0, ear);
    await expect.poll(() => server.follows.length).toBe(1);
    server.tell({ op: 'error', topic: 'run:a', code: 'unavailable' });
    server.emit('run:a');
    await expect.poll(() => ear.seen, { timeout: 5000 }).toEqual([1]);
    expect(ear.lostCodes).toEqual([]);
  });

  it('wait as long as a stopping server asks', async () => {
    const server = new Server();
    live = new Live(true, server.connect, never);
    await expect.poll(() => server.links.length).toBe(1);
    server.tell({ op: 'server-stopping', retry_ms: 60 });
    expect(server.links.length).toBe(0);
    await expect.poll(() => server.links.length).toBe(1);
  });
});

it('a connection counts as open once something was heard, and a server that is away never counts', async () => {
  const sockets = new Server(), states: Status[] = [];
  sockets.opens = false;
  const away: Connect = (reports) => { queueMicrotask(reports.opened); setTimeout(reports.closed, 5); return { follow() {}, leave() {}, close() {} }; };
  live = new Live(true, sockets.connect, away);
  live.onstatus = (status) => states.push(status);
  live.follow('run:a', 0, collect());
  await expect.poll(() => states.length, { timeout: 10_000 }).toBeGreaterThan(6);
  expect(states).not.toContain('open');
});

describe('a stream of server-sent events', () => {
  const body = (...pieces: string[]) => new Response(new ReadableStream({
    async start(controller) {
      for (const piece of pieces) { controller.enqueue(new TextEncoder().encode(piece)); await pause(1); }
    },
  }));

  it('is understood wherever it is cut', async () => {
    const text = ': hello\r\n\r\nid: 4\r\nevent: message.delta\r\ndata: {"seq":4,\r\ndata: "type":"message.delta","text":"ä"}\r\n\r\nid: 9\nevent: reset\ndata: {"topic":"run:a","seq":9}\n\nevent: server-stopping\nretry: 250\ndata:\n\n';
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 3, 1000]) {
      const frames: Frame[] = [], asked: string[] = [];
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));
      const answer = new Response(new ReadableStream({ start(controller) { for (const piece of pieces) controller.enqueue(piece); } }));
      const link = streamLink((url) => { asked.push(String(url)); return Promise.resolve(answer); })({ opened() {}, heard() {}, closed() {}, frame: (frame) => { frames.push(frame); } });
      link.follow('run:a', 3);
      await expect.poll(() => frames.length).toBe(3);
      expect(asked).toEqual(['/api/live?topic=run%3Aa&after=3']);
      expect(frames).toEqual([{ topic: 'run:a', seq: 4, type: 'message.delta', text: 'ä' }, { op: 'reset', topic: 'run:a', seq: 9 }, { op: 'server-stopping', retry_ms: 250 }]);
      link.close();
    }
  });

  it('is asked for again from its last number when it ends', async () => {
    const asked: string[] = [];
    const link = streamLink((url) => {
      asked.push(String(url));
      const response = asked.length === 1 ? new Response('id: 8\nevent: x\ndata: {"seq":8,"type":"x"}\n\n') : body(': quiet\n\n');
      return Promise.resolve(response);
    })({ opened() {}, heard() {}, closed() {}, frame() {} });
    link.follow('run:a', 7);
    await expect.poll(() => asked, { timeout: 5000 }).toEqual(['/api/live?topic=run%3Aa&after=7', '/api/live?topic=run%3Aa&after=8']);
    link.close();
  });
});
