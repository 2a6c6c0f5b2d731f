// On Node, Deno and Bun, after `npm run build`: `node examples/wasi/main.js 'so it is, or is it not?' is it so`
import { readFile } from 'node:fs/promises';
import { argv, exit } from 'node:process';
import { tally } from './tally.js';

const wasm = new URL('../../fixtures/c-command/c_command.wasm', import.meta.url);
const module = await WebAssembly.compile(await readFile(wasm));
const [text = '', ...words] = argv.slice(2);
const { exitCode, output } = await tally(module, words, text);
console.log(output);
exit(exitCode);
