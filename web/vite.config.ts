import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { compress } from './build/compress.ts';

/** Where `npm run dev` finds the server. */
const SERVER = process.env.GALAXY_URL ?? 'http://127.0.0.1:8000';
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** A browser for tests talks to nobody but the page under test. */
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export default defineConfig({
  plugins: [svelte(), compress()],
  worker: { format: 'es' },
  optimizeDeps: { include: ['marked', 'remend', 'highlight.js/lib/common', '@modelcontextprotocol/ext-apps/app-with-deps'] },
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: SERVER },
      '/health': { target: SERVER },
      '/sandbox': { target: SERVER },
      '/ws': { target: SERVER, ws: true },
    },
  },
  test: {
    include: ['src/**/*.test.ts'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath: CHROMIUM, args: QUIET } }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
