import type { WorkerLoader } from '../../src/worker-loader/index.ts';
import { CASES, LOADED_FILES, type Loading, load, ON_WORKERD, sha256 } from './cases.ts';

// The Worker of `npm run test:loader`. A request names a test, which runs in it.

interface Env {
  readonly LOADER: WorkerLoader;
  /** The bytes of the fixtures, by their names with `_` for `/`. */
  readonly [file: string]: unknown;
}

/** The Worker of docs/EDGE.md. */
interface PageWorker {
  fetch(request: Request, env: object): Promise<Response>;
}

export const makeWorker = (page: PageWorker) => ({
  async fetch(request: Request, env: Env): Promise<Response> {
    const { test, target } = (await request.json()) as { test: string; target: string };
    const files = LOADED_FILES.map(name => [name, new Uint8Array(env[fileName(name)] as ArrayBuffer)]);
    const loading: Loading = { loader: env.LOADER, files: Object.fromEntries(files) };
    try {
      if (test === 'names') return Response.json([...Object.keys(CASES), ...Object.keys(ON_WORKERD)]);
      if (test === 'count') return Response.json(await countOnce(loading));
      if (test === 'page') return Response.json(await servePage(page, loading));
      await (CASES[test]?.(loading) ?? ON_WORKERD[test]!(loading, target));
      return Response.json('passed');
    } catch (error) {
      return Response.json(String((error as Error).stack));
    }
  },
});

export const fileName = (name: string): string => name.replace('/', '_');

/** Counts a vowel of one tenant, whose total tells how often it was called. */
async function countOnce({ loader, files }: Loading): Promise<number> {
  const plugin = await load(loader, files['vowels/vowels'], { tenant: 'of many requests' });
  return (await plugin.call('count_vowels', 'a'))!.json<{ total: number }>().total;
}

/** Asks the Worker of the page for three tenants: one has the plugin, one other bytes than its hash says, one no bytes. */
async function servePage(page: PageWorker, { loader, files }: Loading): Promise<string[]> {
  const bytes = files['vowels/vowels'];
  const hash = await sha256(bytes);
  const bindings = {
    LOADER: loader,
    HASHES: { get: async () => hash },
    PLUGINS: {
      get: async (key: string) =>
        key === 'nobody.wasm' ? null : new Response(key === 'alice.wasm' ? bytes.slice() : 'other bytes'),
    },
  };
  const ask = async (tenant: string) => {
    const request = new Request(`https://plugins.test/${tenant}`, { method: 'POST', body: 'Hello' });
    try {
      return await (await page.fetch(request, bindings)).text();
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  return [await ask('alice'), await ask('alice'), await ask('mallory'), await ask('nobody')];
}
