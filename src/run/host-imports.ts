import { type Kernel, performHttpRequest, type SendHttp } from '../../abi/index.ts';
import {
  type WaitingHostCall,
  type WasmValue,
  wrapAsyncHostFunction,
  wrapHostFunction,
} from '../host/function.ts';
import type { Link } from '../link/plan.ts';
import { type HostCalls, pass, raise } from './host-calls.ts';

/** An import that returns a promise. It rejects only with the reason for which the call was stopped. */
export type AsyncImport = (...args: never[]) => Promise<unknown>;

/** Makes `http_request` for a plugin that can wait. */
export const httpImport =
  (kernel: Kernel, hostCall: WaitingHostCall, send: SendHttp): AsyncImport =>
  async (request: bigint, body: bigint) => {
    kernel.check();
    try {
      // Through `enter`: code that the option `fetch` runs is part of the call.
      const sent = hostCall.enter(() => performHttpRequest(kernel, send, request, body));
      return await hostCall.wait(sent as ReturnType<typeof performHttpRequest>, pass, raise);
    } catch (error) {
      kernel.check();
      return kernel.stop(error as Error);
    }
  };

/** Wraps a host function that runs on the plugin's own thread. */
export function localImport(
  { namespace, name, type, provider }: Link,
  calls: HostCalls,
): (...args: WasmValue[]) => unknown {
  const label = `${namespace}.${name}`;
  if (provider.kind !== 'host') throw new Error(`BUG: ${label} is not a host function`);
  if (!provider.isAsync) return wrapHostFunction(label, provider.fn, type, calls);
  if (!calls.waits) throw new Error(`BUG: ${label} is async, but the plugin runs inline`);
  return wrapAsyncHostFunction(label, provider.fn, type, calls);
}
