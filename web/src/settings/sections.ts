/** The pages of the settings, in their order. */
import type { Component } from 'svelte';

export const SECTIONS = ['appearance', 'account', 'keys', 'sessions', 'models', 'tools', 'audit', 'people', 'feedback'] as const;
export type Section = (typeof SECTIONS)[number];
const ADMIN: ReadonlySet<Section> = new Set(['people', 'feedback']);

const pages: Record<Section, () => Promise<{ default: Component }>> = {
  appearance: () => import('./Appearance.svelte'),
  account: () => import('./Account.svelte'),
  keys: () => import('./Keys.svelte'),
  sessions: () => import('./Sessions.svelte'),
  models: () => import('./Models.svelte'),
  tools: () => import('./Tools.svelte'),
  audit: () => import('./Audit.svelte'),
  people: () => import('./People.svelte'),
  feedback: () => import('./FeedbackList.svelte'),
};

/** What somebody gets to see; the server has the last word. */
export const sectionsFor = (admin: boolean): Section[] => SECTIONS.filter((it) => admin || !ADMIN.has(it));
export const loadSection = async (section: Section) => (await pages[section]()).default;
