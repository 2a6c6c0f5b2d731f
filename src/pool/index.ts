export type { CompiledPlugin } from '../create/compiled.ts';
export type { PoolOptions, UseOptions } from './options.ts';
export { PluginPool, type PoolStats } from './pool.ts';
