/** What a tool says about its view and who may call it, in words. */
import type { ToolView } from '../api/types';
import { visible } from '../design/visible';
import { t } from '../i18n/t';

export function viewInWords(view: ToolView): string {
  const words = t.tools.tool, { callers } = words;
  const who = view.for_model ? (view.for_app ? callers.both : callers.model) : view.for_app ? callers.app : callers.nobody;
  return `${view.uri === null ? words.noView : words.viewIs(visible(view.uri))} ${who}`;
}
