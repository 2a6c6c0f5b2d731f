// Builds the {{kind}}, loads it and calls it, and does so again on each change: `npm run dev`. Ctrl-C ends it.
import { spawnSync } from 'node:child_process';
import { readFileSync, watch } from 'node:fs';
import { call } from './call.mjs';

const FOLDERS = {{folders}};
const WATCHED = /{{watched}}/;

async function turn() {
  const startMs = performance.now();
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  if (status === 0) {
    await call(readFileSync('{{wasm}}')).catch(error => console.error(`${error.code}: ${error.message}`));
  }
  const tookMs = Math.round(performance.now() - startMs);
  console.log(`-- ${status === 0 ? 'called' : 'not built'} after ${tookMs} ms; waiting for a change`);
}

let turns = Promise.resolve();
const next = () => {
  turns = turns.then(turn);
};
// An editor may save a file in several steps, each of which is a change.
const PAUSE_MS = 100;
let timer;
for (const folder of FOLDERS) {
  watch(folder, (_, name) => {
    if (name === null || !WATCHED.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(next, PAUSE_MS);
  });
}
next();
