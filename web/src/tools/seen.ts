/**
 * What is to be allowed stays as it was when it was first shown: nobody shall allow what took the
 * place of what they read a moment before. The server compares the pin once more.
 */
import type { DecideTool, ServerTool } from '../api/types';
import { isWaiting } from './state';

export interface Held {
  /** As it is shown. */
  tool: ServerTool;
  /** Whether the server now lists something else. */
  moved: boolean;
}

/** The tools that wait now, each as it was first shown. */
export function hold(before: readonly Held[], now: readonly ServerTool[]): Held[] {
  const shown = new Map(before.map((it) => [it.tool.tool, it.tool]));
  return now.filter(isWaiting).map((tool) => {
    const held = shown.get(tool.tool) ?? tool;
    return { tool: held, moved: held.pin !== tool.pin };
  });
}

/** The same, with `name` as it is now. */
export const release = (held: readonly Held[], name: string, now: readonly ServerTool[]) => hold(held.filter((it) => it.tool.tool !== name), now);

/** A yes to each, bound to what was shown. */
export const approvals = (held: readonly Held[]): DecideTool[] => held.filter((it) => !it.moved && it.tool.pin !== null).map(({ tool }) => ({ tool: tool.tool, approve: tool.pin }));
