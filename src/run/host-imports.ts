import { type Kernel, performHttpRequest, type SendHttp } from '../../abi/index.ts';
import { type HostCall, type WasmValue, wrapAsyncHostFunction, wrapHostFunction } from '../host/function.ts';
import type { Link } from '../link/plan.ts';

/** An import that returns a promise. It rejects only with the reason for which the kernel ended the call. */
export type AsyncImport = (...args: never[]) => Promise<unknown>;

/** Makes `http_request` for a plugin that can wait. */
export const httpImport =
  (kernel: Kernel, hostCall: HostCall, send: SendHttp): AsyncImport =>
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

const pass = <T>(value: T): T => value;
const raise = (error: unknown): never => {
  throw error;
};

/** Wraps a host function that runs on the plugin's own thread. */
export function localImport(
  { namespace, name, type, provider }: Link,
  hostCall: HostCall,
): (...args: WasmValue[]) => unknown {
  if (provider.kind !== 'host') throw new Error(`BUG: ${namespace}.${name} is not a host function`);
  const label = `${namespace}.${name}`;
  return provider.isAsync
    ? wrapAsyncHostFunction(label, provider.fn, type, hostCall)
    : wrapHostFunction(label, provider.fn, type, hostCall);
}
