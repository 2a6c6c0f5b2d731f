import { type Kernel, performHttpRequest, readHttpRequest, type SendHttp } from '../../abi/index.ts';
import { attempt, PlugboardError } from '../errors.ts';
import {
  type WaitingHostCall,
  type WasmValue,
  wrapAsyncHostFunction,
  wrapHostFunction,
} from '../host/function.ts';
import type { Link } from '../link/plan.ts';
import { shownUrl } from '../values/url.ts';
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

/** Makes `http_request` for a plugin to which no host is allowed. */
export const refusedHttpImport =
  (kernel: Kernel) =>
  (request: bigint, body: bigint): never => {
    kernel.check();
    const url = attempt(() => new URL(readHttpRequest(kernel, Number(request), Number(body)).url), null);
    const message =
      `http_request: ${url ? `${shownUrl(url)}: ` : ''}HTTP is not enabled for this plugin; to allow it, give the option ` +
      `allowedHosts${url ? `: ["${url.hostname}"]` : ''}`;
    return kernel.stop(new PlugboardError('HTTP_NOT_ENABLED', message));
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
