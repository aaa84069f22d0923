/** What faulty tool servers leave behind: processes, memory, secrets. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';

export const NAUGHTY = resolve(import.meta.dirname, 'naughty.mjs');

/** The program that does wrong, over HTTP; it can be ended and started again at the same address. */
export class NaughtyByHttp {
  #process: ChildProcess | undefined;
  private constructor(private readonly marker: string, private readonly port: number) {}

  static async start(marker: string): Promise<NaughtyByHttp> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const naughty = new NaughtyByHttp(marker, (probe.address() as AddressInfo).port);
    probe.close();
    await once(probe, 'close');
    await naughty.again();
    return naughty;
  }

  get url() { return `http://127.0.0.1:${this.port}/mcp`; }

  async again() {
    this.#process = spawn(process.execPath, [NAUGHTY, this.marker, '--http', String(this.port)], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(this.#process.stdout!, 'data');
  }

  async end() {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }
}

/** Processes whose command line has `marker` in it. */
export async function processesOf(marker: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((it) => /^\d+$/.test(it));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((it) => it.includes(marker)).map((it) => it.replaceAll('\0', ' '));
}

/** What a process holds in memory, in megabytes. */
export async function memoryOf(pid: number): Promise<number> {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

/** Files below `folder` in which one of `secrets` is. */
export async function filesWith(folder: string, secrets: readonly string[]): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
  const found = await Promise.all(files.map(async (file) => {
    const bytes = await readFile(file);
    return secrets.filter((it) => bytes.includes(it)).map((it) => `${file}: ${it}`);
  }));
  return found.flat();
}
