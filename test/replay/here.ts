import { readFileSync, writeFileSync } from 'node:fs';
import { type Exchanged, MODULES, recordHere, replayHere } from './exchange.ts';

// Run by test/runtime/exchange.ts on Node, Deno and Bun: `record OUT`, or `replay OUT FILE…`.

const [task, out = '', ...files] = process.argv.slice(2);
const { bun, node } = process.versions;
const { Deno } = globalThis as { Deno?: { version: { deno: string } } };
const runtime = Deno ? `deno ${Deno.version.deno}` : bun ? `bun ${bun}` : `node ${node}`;
const result =
  task === 'record'
    ? await recordHere(runtime, MODULES())
    : await Promise.all(
        files.map(file => replayHere(JSON.parse(readFileSync(file, 'utf8')) as Exchanged, MODULES())),
      );
writeFileSync(out, JSON.stringify(result));
