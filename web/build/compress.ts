/** Writes a `.br` and a `.gz` beside every text asset, so that the server never compresses one while somebody waits. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const TEXT = /\.(?:html|js|css|svg|json|txt|webmanifest)$/;
/** Below this many bytes a second file costs more than it saves. */
const WORTH_IT = 512;

export function compress(): Plugin {
  let folder = 'dist';
  return {
    name: 'galaxy-compress',
    apply: 'build',
    configResolved(config) { folder = config.build.outDir; },
    closeBundle() { for (const file of files(folder)) pack(file); },
  };
}

function pack(file: string) {
  const plain = readFileSync(file);
  if (plain.length < WORTH_IT) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  writeFileSync(`${file}.br`, brotliCompressSync(plain, { params }));
  writeFileSync(`${file}.gz`, gzipSync(plain, { level: 9 }));
}

function files(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? files(path) : TEXT.test(path) ? [path] : []));
}
