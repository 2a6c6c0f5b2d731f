import { ENV_NAMESPACE } from '../abi/index.ts';
import { CreateError } from './errors.ts';
import { jspi } from './jspi.ts';
import type { LinkPlan } from './link.ts';
import type { Settings } from './settings.ts';

/**
 * `inline`: on the caller's thread, from start to end. `suspending`: the same, but the plugin's stack is suspended while
 * an async host function or an HTTP request is waited for.
 */
export type Mode = 'inline' | 'suspending';

/**
 * What the plugin can run as here.
 * @throws {CreateError} HOST_FUNCTION_ASYNC or UNSUPPORTED when it has to wait, and this engine cannot suspend it
 */
export function chooseMode({ modules }: LinkPlan, { allowedHosts }: Settings): Mode {
  const waiting = [...modules.values()].flatMap(({ name: module, links }) =>
    links.flatMap(({ namespace, name, provider }) => {
      if (provider.kind === 'host' && provider.isAsync) {
        return { code: 'HOST_FUNCTION_ASYNC', what: `host function ${namespace}.${name} is async` } as const;
      }
      if (provider.kind !== 'kernel' || name !== 'http_request' || allowedHosts.length === 0) return [];
      const what = `module "${module}" imports ${ENV_NAMESPACE}.http_request, and allowedHosts allows hosts`;
      return { code: 'UNSUPPORTED', what } as const;
    }),
  );
  const [first] = waiting;
  if (!first) return 'inline';
  if (jspi) return 'suspending';
  throw new CreateError(
    first.code,
    `${first.what}, but this engine cannot suspend a plugin (WebAssembly.Suspending is missing): use a newer one ` +
      '(Node 24 with --experimental-wasm-jspi, Node 26, Deno, Bun, Chromium, workerd), or do without',
  );
}
