import { ENV_NAMESPACE } from '../abi/index.ts';
import { CreateError } from './errors.ts';
import { jspi } from './jspi.ts';
import type { LinkPlan } from './link.ts';
import type { Platform } from './platform/types.ts';
import type { Settings } from './settings.ts';

/**
 * `inline`: on the caller's thread, from start to end. `suspending`: the same, but the plugin's stack is suspended while
 * an async host function or an HTTP request is waited for. `worker`: on a thread of its own, which can be ended by force.
 */
export type Mode = 'inline' | 'suspending' | 'worker';

/** Why a plugin cannot simply run inline. */
interface Need {
  code: 'HOST_FUNCTION_ASYNC' | 'UNSUPPORTED';
  what: string;
  /** What to do where it cannot be met. */
  instead: string;
}

/**
 * What the plugin can run as here.
 * @throws {CreateError} HOST_FUNCTION_ASYNC or UNSUPPORTED when it needs what this platform does not have
 */
export function chooseMode(plan: LinkPlan, settings: Settings, platform: Platform): Mode {
  const [worker] = needsOfWorker(settings);
  const [waiting] = needsOfWaiting(plan, settings);
  const need = worker ?? waiting;
  if (!need) return jspi && !platform.clock.sleepNs && sleeps(plan) ? 'suspending' : 'inline';
  if (!worker && jspi) return 'suspending';
  const lacking =
    platform.lacksWorkers() ?? (settings.timeoutMs === undefined ? null : platform.lacksForce());
  if (lacking !== null) throw new CreateError(need.code, `${need.what}, but ${lacking}; ${need.instead}`);
  const [folder] = Object.keys(settings.preopens);
  if (folder === undefined) return 'worker';
  throw new CreateError(
    'UNSUPPORTED',
    `option.preopens["${folder}"]: ${need.what}, and a file system given as an object cannot go there; give a folder of ` +
      'the host with allowedPaths, or do without one of them',
  );
}

/** Whether the plugin has to wait for what it imports. */
export const hasToWait = (plan: LinkPlan, settings: Settings): boolean =>
  needsOfWaiting(plan, settings).length > 0;

/** Whether the plugin may want to sleep, where the thread may not block. */
const sleeps = ({ modules }: LinkPlan): boolean =>
  [...modules.values()].some(({ links }) =>
    links.some(({ name, provider }) => provider.kind === 'wasi' && name === 'poll_oneoff'),
  );

function needsOfWorker({ runInWorker, timeoutMs }: Settings): Need[] {
  const needs: Need[] = [];
  if (timeoutMs !== undefined) {
    const what = 'timeoutMs: only a plugin in a worker can be ended by force';
    needs.push({
      code: 'UNSUPPORTED',
      what,
      instead: 'leave it out, and give calls an AbortSignal, which ends what waits',
    });
  }
  if (runInWorker) {
    const what = 'option.runInWorker: the plugin is to run in a worker';
    needs.push({ code: 'UNSUPPORTED', what, instead: 'leave it out' });
  }
  return needs;
}

function needsOfWaiting({ modules }: LinkPlan, { allowedHosts }: Settings): Need[] {
  const cannot =
    'but this engine cannot suspend a plugin (WebAssembly.Suspending is missing), so that it needs a worker';
  const instead =
    'or use a newer engine (Node 24 with --experimental-wasm-jspi, Node 26, Deno, Bun, Chromium, workerd), or do without';
  return [...modules.values()].flatMap(({ name: module, links }) =>
    links.flatMap(({ namespace, name, provider }): Need[] => {
      if (provider.kind === 'host' && provider.isAsync) {
        const what = `host function ${namespace}.${name} is async, ${cannot}`;
        return [{ code: 'HOST_FUNCTION_ASYNC', what, instead }];
      }
      if (provider.kind !== 'kernel' || name !== 'http_request' || allowedHosts.length === 0) return [];
      const what = `module "${module}" imports ${ENV_NAMESPACE}.http_request, and allowedHosts allows hosts, ${cannot}`;
      return [{ code: 'UNSUPPORTED', what, instead }];
    }),
  );
}
