import { afterEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { models as api } from '../api/client';
import type { Health, Model, Models as List } from '../api/types';
import { catalogue } from '../chat/catalogue.svelte';
import Models from './Models.svelte';

const OK: Health = { status: 'ok', latency_ms: 40, code: null, message: null, advice: null, detail: null, checked_at: null };
const BAD: Health = { ...OK, status: 'failed', latency_ms: null, code: 'model_unauthorized', message: 'The key was refused.', advice: 'Check OPENAI_API_KEY.', detail: '401 Incorrect API key' };
const model = (name: string, health: Health): Model => ({ name, model: name, provider: 'openai', protocol: 'openai', source: 'OPENAI_API_KEY', demo: false, context_tokens: 128_000, capabilities: { tools: true, images: false, reasoning: false, structured: false }, health });
const list = (...items: Model[]): List => ({ default: 'one', disabled: false, items });
afterEach(() => { catalogue.models = null; vi.restoreAllMocks(); });

it('says what is wrong with a model, what to do, and what the provider said', async () => {
  vi.spyOn(api, 'list').mockResolvedValue(list(model('one', OK), model('two', BAD)));
  const screen = await render(Models);
  await expect.element(screen.getByText('The key was refused.')).toBeVisible();
  await expect.element(screen.getByText('Check OPENAI_API_KEY.')).toBeVisible();
  await screen.getByText('What the provider said').click();
  await expect.element(screen.getByText('401 Incorrect API key')).toBeVisible();
  await expect.element(screen.getByText('model_unauthorized')).toBeVisible();
});

it('checks one model again and shows how it went, here and in the chat', async () => {
  vi.spyOn(api, 'list').mockResolvedValue(list(model('one', OK), model('two', BAD)));
  let answer: (models: List) => void = () => {};
  const check = vi.spyOn(api, 'check').mockReturnValue(new Promise((resolve) => { answer = resolve; }));
  const screen = await render(Models);
  await screen.getByRole('button', { name: 'Check two' }).click();
  await expect.element(screen.getByRole('button', { name: 'Check two' })).toBeDisabled();
  await expect.element(screen.getByRole('img', { name: 'Checking' })).toBeVisible();
  answer(list(model('one', OK), model('two', OK)));
  await expect.element(screen.getByText('2 of 2 models answer')).toBeVisible();
  expect(check).toHaveBeenCalledExactlyOnceWith('two');
  expect(catalogue.model('two')?.health.status).toBe('ok');
});

it('says so when nothing answers', async () => {
  vi.spyOn(api, 'list').mockResolvedValue(list(model('two', BAD)));
  await expect.element((await render(Models)).getByText(/No model answers at the moment/)).toBeVisible();
});
