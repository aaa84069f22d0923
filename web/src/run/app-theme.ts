/** The look of the page in the words that views know, and what else they are told about where they are. */
import type { McpUiHostContext, McpUiStyleVariableKey } from '@modelcontextprotocol/ext-apps';
import { language } from '../i18n/t';

const COLOURS: Partial<Record<McpUiStyleVariableKey, string>> = {
  '--color-background-primary': '--plate-0', '--color-background-secondary': '--plate-1', '--color-background-tertiary': '--plate-2', '--color-background-inverse': '--ink-0',
  '--color-background-info': '--live-dim', '--color-background-danger': '--fail-dim', '--color-background-success': '--done-dim', '--color-background-warning': '--ask-dim',
  '--color-text-primary': '--ink-0', '--color-text-secondary': '--ink-1', '--color-text-tertiary': '--ink-2', '--color-text-inverse': '--plate-0',
  '--color-text-info': '--live', '--color-text-danger': '--fail', '--color-text-success': '--done', '--color-text-warning': '--ask',
  '--color-border-primary': '--edge', '--color-border-secondary': '--line', '--color-border-tertiary': '--line',
  '--color-border-info': '--live', '--color-border-danger': '--fail', '--color-border-success': '--done', '--color-border-warning': '--ask', '--color-ring-primary': '--focus',
  '--border-radius-xs': '--r', '--border-radius-sm': '--r', '--border-radius-md': '--r', '--border-radius-lg': '--r', '--border-radius-xl': '--r', '--border-radius-full': '--r-full',
};
/** Our fonts are ours: a view has no way to them. */
const FIXED: Partial<Record<McpUiStyleVariableKey, string>> = {
  '--font-sans': 'system-ui, sans-serif', '--font-mono': 'ui-monospace, monospace', '--font-weight-normal': '400', '--font-weight-medium': '500', '--font-weight-semibold': '600', '--font-weight-bold': '700',
  '--font-text-xs-size': '0.75rem', '--font-text-sm-size': '0.8125rem', '--font-text-md-size': '0.9375rem', '--font-text-lg-size': '1.0625rem', '--border-width-regular': '1px',
};

/** Theme and variables, as the page looks at the moment. */
export function lookOf(root: HTMLElement): Pick<McpUiHostContext, 'theme' | 'styles'> {
  const style = getComputedStyle(root);
  const colours = Object.fromEntries(Object.entries(COLOURS).map(([theirs, ours]) => [theirs, style.getPropertyValue(ours).trim()]));
  return { theme: root.dataset.theme === 'light' ? 'light' : 'dark', styles: { variables: { ...FIXED, ...colours } as Record<McpUiStyleVariableKey, string | undefined> } };
}

/** Where a view finds itself. */
export const placeOf = (root: HTMLElement): McpUiHostContext => ({
  ...lookOf(root), locale: language, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, platform: 'web', userAgent: 'galaxy',
  deviceCapabilities: { touch: matchMedia('(pointer: coarse)').matches, hover: matchMedia('(hover: hover)').matches },
});
