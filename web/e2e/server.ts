/** The real program: on a free port, with a folder of its own and nothing of the machine's settings. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const BINARY = process.env.GALAXY_BIN ?? resolve(import.meta.dirname, '../../target/debug/galaxy');
/** How long a start may take, and between two questions whether it is done, in milliseconds. */
const PATIENCE = 30_000, PAUSE = 40;
const SETTINGS = {
  OLLAMA_HOST: 'off', LOG_LEVEL: 'warn', DEMO_WORD_DELAY_MS: '12', MAX_ACTIVE_RUNS_PER_PERSON: '4', MESSAGES_PER_MINUTE: '600', CONVERSATIONS_PER_MINUTE: '6000',
  // Those who sign in for a whole file of journeys do so once; the journeys about that have servers of their own.
  FRESH_SIGN_IN_SECONDS: '86400',
};

export class Galaxy {
  /** Makes the first account; there until somebody has. */
  token = '';
  #process: ChildProcess | undefined;
  #said = '';

  private constructor(private readonly folder: string, private readonly port: number, private readonly settings: Record<string, string>) {}

  static async launch(settings: Record<string, string> = {}): Promise<Galaxy> {
    const galaxy = new Galaxy(await mkdtemp(join(tmpdir(), 'galaxy-e2e-')), await freePort(), settings);
    await galaxy.start();
    return galaxy;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }
  get pid() { return this.#process?.pid ?? 0; }
  /** All that it wrote since it was started, and where it keeps what it knows. */
  get said() { return this.#said; }
  get data() { return join(this.folder, 'data'); }

  /** Starts it, once more if need be: the same folder, the same address. */
  async start() {
    this.#said = '';
    const env = { PATH: process.env.PATH, ...SETTINGS, ...this.settings, HOST: '127.0.0.1', PORT: String(this.port), PUBLIC_URL: this.url, DATA_DIR: this.data };
    const running = spawn(BINARY, [], { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = running;
    for (const stream of [running.stdout, running.stderr]) stream.on('data', (data: Buffer) => { this.#said += data; });
    for (const until = Date.now() + PATIENCE; !(await this.#ready()); await new Promise((done) => setTimeout(done, PAUSE))) {
      if (running.exitCode !== null || Date.now() > until) throw new Error(`${BINARY} did not start:\n${this.#said}`);
    }
    this.token = /^ {4}(\S{20,})$/m.exec(this.#said)?.[1] ?? '';
  }

  /** Ends it without a word, as a power cut would. */
  kill() { return this.#end('SIGKILL'); }

  /** Ends it as an operator would. */
  stop() { return this.#end('SIGTERM'); }

  /** Ends it for good and removes what it kept. */
  async remove() {
    await this.#end('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM') {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill(signal);
    const late = setTimeout(() => running.kill('SIGKILL'), 3000);
    await gone;
    clearTimeout(late);
  }

  #ready() { return fetch(`${this.url}/health/ready`).then((it) => it.ok, () => false); }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
