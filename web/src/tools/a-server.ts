/** A tool server and a tool, for tests. */
import type { ServerHealth, ServerTool, ToolServer, ToolServerDetail } from '../api/types';

export const health = (more: Partial<ServerHealth> = {}): ServerHealth => ({ state: 'ready', latency_ms: 42, checked_at: new Date().toISOString(), message: null, advice: null, restarts: 0, ...more });
export const server = (more: Partial<ToolServer> = {}): ToolServer => ({
  id: 's1', name: 'warehouse', title: 'Warehouse', shared: false, enabled: true, shadowed: false, managed: true, link: { kind: 'http', url: 'https://warehouse.example/mcp', headers: ['Authorization'], inside: false }, origin: null,
  trusted: false, may_ask: false, health: health(), auth: { state: 'none' }, tools: 1, offered: 1, waiting: 0, created_at: '2026-11-20T14:02:00.000Z', updated_at: '2026-11-20T14:02:00.000Z', ...more,
});
export const tool = (more: Partial<ServerTool> = {}): ServerTool => ({
  tool: 'query', name: 'warehouse__query', title: null, description: 'Asks the ledger.', schema: { type: 'object', properties: {} }, effect: 'reads', standing: 'approved', enabled: true, verdict: 'allow', pin: 'pin-1',
  approved_description: null, approved_schema: null, view: { uri: null, for_model: true, for_app: true }, approved_view: null, ...more,
});
export const detail = (more: Partial<ToolServerDetail> = {}): ToolServerDetail => ({ server: server(), tools: [tool()], checks: [], about: null, client: null, kept: null, ...more });
