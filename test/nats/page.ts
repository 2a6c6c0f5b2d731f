import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installLocked } from '../runtime/install.ts';
import type { TestServer } from './server.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const LONGEST_MS = 30_000;

/** Runs the worker of docs/NETWORKS.md, with the package as a user has it. Returns the data of the first message that leaves it. */
export async function runPage(server: TestServer): Promise<unknown> {
  const page = readFileSync(join(root, 'docs/NETWORKS.md'), 'utf8');
  const blockWith = (text: string) =>
    [...page.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)]
      .map(([, code]) => code!)
      .find(code => code.includes(text))!;
  const folder = mkdtempSync(join(tmpdir(), 'plugboard-nats-page-'));
  cpSync(installLocked('test/nats'), join(folder, 'node_modules'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/plugboard'), 'junction');
  const code = blockWith("from 'plugboard/nats'").replace('nats://localhost', `127.0.0.1:${server.port}`);
  writeFileSync(join(folder, 'worker.mjs'), code);
  writeFileSync(join(folder, 'graph.json'), blockWith('"inports": { "visit"'));
  cpSync(join(root, 'fixtures/rust-counter/rust_counter.wasm'), join(folder, 'counter.wasm'));
  // The package is found by its link, and its peers beside the link.
  const args = ['--preserve-symlinks', '--preserve-symlinks-main', 'worker.mjs'];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  const connection = await server.connect();
  const ask = async (subject: string, body: string) => {
    const { data } = await connection.request(subject, body, { timeout: 2000 });
    return JSON.parse(new TextDecoder().decode(data)) as { seq?: number; message?: { data: string } };
  };
  const until = async <T>(action: () => Promise<T | undefined>): Promise<T> => {
    for (const endMs = Date.now() + LONGEST_MS; Date.now() < endMs; ) {
      const found = await action().catch(() => undefined);
      if (found !== undefined) return found;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    throw new Error('the worker of docs/NETWORKS.md did not answer');
  };
  try {
    await until(async () => (await ask('pb.visits.in.visit', '{"type":"Flow"}')).seq);
    const last = JSON.stringify({ last_by_subj: 'pb.visits.out.count' });
    const text = await until(
      async () => (await ask('$JS.API.STREAM.MSG.GET.PB_visits_OUT', last)).message?.data,
    );
    return (JSON.parse(atob(text)) as { data: unknown }).data;
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
