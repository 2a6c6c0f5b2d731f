import { CallError } from '../call-error.ts';
import { createPlugin } from '../create.ts';
import { CreateError, excerpt, messageOf } from '../errors.ts';
import { builtFacts } from '../module/built.ts';
import { webPlatform } from '../platform/web.ts';
import type { Plugin } from '../plugin.ts';
import { MOST_RPC_BYTES, rpcBytes } from '../units.ts';
import type { PluginOutput } from '../values/output.ts';
import type { Answer, Child, ChildSettings, SentError } from './messages.ts';

type EntrypointBase = new (ctx: unknown, env: unknown) => object;

const copyOf = (output: PluginOutput | null): Uint8Array | null => output?.bytes() ?? null;

/** Shortens a message that RPC cannot carry beside the output. */
const carried = (message: string, output: Uint8Array | null): string =>
  rpcBytes(message) + (output?.length ?? 0) > MOST_RPC_BYTES ? excerpt(message) : message;

function sent(error: unknown): SentError {
  if (error instanceof CallError) {
    const { code, exitCode, stdout, stderr, wasmStack } = error;
    const output = copyOf(error.output);
    const message = carried(error.message, output);
    return { isOfCall: true, code, message, output, exitCode, stdout, stderr, wasmStack };
  }
  const message = carried(messageOf(error), null);
  const none = { output: null, exitCode: null, stdout: [], stderr: [], wasmStack: [] };
  return error instanceof CreateError
    ? { isOfCall: false, code: error.code, message, ...none }
    : { isOfCall: true, code: 'WORKER_FAILED', message, ...none };
}

/** A plugin with its running calls. */
interface Held {
  readonly starting: Promise<Plugin>;
  running: number;
  isClosed: boolean;
}

/**
 * Makes the entrypoint of the child isolate. Its plugin serves the requests of one tenant.
 * @param Base `WorkerEntrypoint` of `cloudflare:workers`
 */
export function serve(
  Base: EntrypointBase,
  module: WebAssembly.Module,
  accessors: WebAssembly.Module,
  { facts, options }: ChildSettings,
): new (
  ctx: unknown,
  env: unknown,
) => Child {
  builtFacts.set(module, facts);
  let current: Held | undefined;

  const start = (): Held => {
    const starting = createPlugin(webPlatform, module, { ...options, accessors });
    const held = { starting, running: 0, isClosed: false };
    // The next request tries again: the reason may have been a limit of the request.
    starting.catch(() => {
      if (current === held) current = undefined;
    });
    return held;
  };

  const closeIdle = async ({ starting, running, isClosed }: Held): Promise<void> => {
    if (isClosed && running === 0)
      await starting.then(
        plugin => plugin.close(),
        () => {},
      );
  };

  /** Runs `work` on the plugin, which is closed afterwards if `close` was called meanwhile. */
  async function use(work: (plugin: Plugin) => Promise<PluginOutput | null>): Promise<Answer> {
    current ??= start();
    const held = current;
    held.running++;
    let plugin: Plugin | undefined;
    try {
      plugin = await held.starting;
      return { output: copyOf(await work(plugin)), fuel: plugin.fuelUsed };
    } catch (error) {
      return { error: sent(error), fuel: plugin?.fuelUsed ?? null };
    } finally {
      held.running--;
      await closeIdle(held);
    }
  }

  return class extends Base implements Child {
    start(): Promise<Answer> {
      return use(async () => null);
    }

    call(name: string, input: string | Uint8Array): Promise<Answer> {
      return use(plugin => plugin.call(name, input));
    }

    async close(): Promise<void> {
      const held = current;
      current = undefined;
      if (!held) return;
      held.isClosed = true;
      await closeIdle(held);
    }
  };
}
