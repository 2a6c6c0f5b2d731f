import type { PlainType } from '../../abi/encode.ts';
import { createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { host } from '../helpers/host.ts';

export const ENV = 'extism:host/env';
export const USER = 'extism:host/user';
export const KERNELS = ['reference', 'accessors'] as const;

/** The plugin of fixtures/hostile, which tries to use more than it may. */
export const createHostile = (options?: PluginOptions): Promise<Plugin> =>
  createPlugin(host().readBytes('fixtures/hostile/hostile.wasm'), options);

/** The instruction that pushes `value`. */
export const push = (type: PlainType, value: bigint): string =>
  `${type}.const ${BigInt.asIntN(type === 'i32' ? 32 : 64, value)}`;

/** Runs `body`, and catches every exception that can be caught. */
export const caught = (...body: string[]): string[] => ['try', ...body, 'catch_all', 'end'];

/** A logger that keeps its messages. */
export function keepLogs(): { texts: string[]; logger: NonNullable<PluginOptions['logger']> } {
  const texts: string[] = [];
  const keep = (text: string) => void texts.push(text);
  return { texts, logger: { trace: keep, debug: keep, info: keep, warn: keep, error: keep } };
}
