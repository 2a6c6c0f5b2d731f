import type { PlainType } from '../../abi/encode.ts';
import { createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { host } from '../helpers/host.ts';

export const ENV = 'extism:host/env';
export const USER = 'extism:host/user';
export const KERNELS = ['reference', 'accessors'] as const;

/** The plugins of fixtures/ that try to use more than they may. The second one catches exceptions. */
const HOSTILE = { hostile: 'hostile/hostile.wasm', catching: 'hostile-catch/hostile_catch.wasm' };
export const createHostile = (
  options?: PluginOptions,
  plugin: keyof typeof HOSTILE = 'hostile',
): Promise<Plugin> => createPlugin(host().readBytes(`fixtures/${HOSTILE[plugin]}`), options);

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
