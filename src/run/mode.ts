import { ENV_NAMESPACE } from '../../abi/index.ts';
import { CallError } from '../call-error.ts';
import { jspi } from '../engine/jspi.ts';
import { CreateError } from '../errors.ts';
import type { Settings } from '../given/settings.ts';
import type { LinkPlan } from '../link/plan.ts';
import type { Platform } from '../platform/types.ts';

/**
 * `inline`: on the caller's thread, without a break. `suspending`: on the caller's thread, and suspended while an async host
 * function, an HTTP request or a sleep is pending. `worker`: on a thread of its own, which can be ended by force.
 */
export type Mode = 'inline' | 'suspending' | 'worker';

/** A reason for which a plugin cannot run inline. */
interface Need {
  code: 'HOST_FUNCTION_ASYNC' | 'UNSUPPORTED';
  what: string;
  /** Advice for platforms where the plugin cannot run. */
  instead: string;
}

const RUN_IN_WORKER: Need = {
  code: 'UNSUPPORTED',
  what: 'option.runInWorker: the plugin is to run in a worker',
  instead: 'leave it out',
};

/**
 * Chooses the mode in which the plugin runs on this platform.
 * @throws {CreateError} HOST_FUNCTION_ASYNC or UNSUPPORTED if the plugin needs a feature that this platform does not have
 */
export function chooseMode(plan: LinkPlan, settings: Settings, platform: Platform): Mode {
  const { runInWorker, timeoutMs } = settings;
  const lacking = lacksWorker(settings, platform);
  if (lacking === null && (runInWorker || timeoutMs !== undefined)) return 'worker';
  const [waiting] = needsOfWaiting(plan, settings);
  const need = runInWorker ? RUN_IN_WORKER : waiting;
  if (!need) return jspi && !platform.clock.sleepNs && sleeps(plan) ? 'suspending' : 'inline';
  if (!runInWorker && jspi) return 'suspending';
  if (lacking === null) return 'worker';
  throw new CreateError(need.code, `${need.what}, but ${lacking}; ${need.instead}`);
}

/** Makes the error that says why `callSync` cannot be used. */
export function notAtOnce(name: string, mode: Mode, plan: LinkPlan, settings: Settings): CallError {
  const waits = needsOfWaiting(plan, settings).length > 0;
  const code = waits ? 'HOST_FUNCTION_ASYNC' : 'UNSUPPORTED';
  const why = waits
    ? 'has async host functions or HTTP'
    : mode === 'worker'
      ? 'runs in a worker'
      : 'may sleep (it imports poll_oneoff), and this thread must not block';
  return new CallError(code, `callSync of "${name}": this plugin ${why}; use call`);
}

/** Whether the plugin may sleep: it imports `poll_oneoff`. Matters where the thread must not block. */
const sleeps = ({ modules }: LinkPlan): boolean =>
  [...modules.values()].some(({ links }) =>
    links.some(({ name, provider }) => provider.kind === 'wasi' && name === 'poll_oneoff'),
  );

/** Returns the reason for which the plugin cannot run in a worker; null if it can. */
function lacksWorker({ preopens }: Settings, platform: Platform): string | null {
  const [folder] = Object.keys(preopens);
  const isObject =
    `the file system at option.preopens["${folder}"] is an object, which cannot go to a worker, as a folder of the ` +
    'host given with allowedPaths can';
  return platform.lacksWorkers() ?? (folder === undefined ? null : isObject);
}

/**
 * Returns null if `timeoutMs` is not set, or if a worker that can be ended by force keeps it. Otherwise returns the reason
 * against a worker: then checks in the plugin's own code have to keep the limit.
 */
export const meters = (settings: Settings, platform: Platform): string | null =>
  settings.timeoutMs === undefined ? null : (lacksWorker(settings, platform) ?? platform.lacksForce());

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
