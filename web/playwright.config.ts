import { defineConfig } from '@playwright/test';

/** A browser for tests talks to nobody but the server under test: no other name leads anywhere. */
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];
const DESKTOP = { width: 1280, height: 860 }, PHONE = { width: 390, height: 844 };

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  forbidOnly: !!process.env.CI,
  workers: 2,
  fullyParallel: true,
  timeout: 45_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: QUIET },
    locale: 'en',
    permissions: ['clipboard-read', 'clipboard-write'],
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'desktop', testIgnore: /phone\.spec/, use: { viewport: DESKTOP } },
    { name: 'screenshots', testMatch: /screenshots\.ts/, use: { viewport: { width: 1440, height: 900 } } },
    { name: 'phone', testMatch: /(phone|looks)\.spec/, use: { viewport: PHONE, hasTouch: true, isMobile: true } },
  ],
});
