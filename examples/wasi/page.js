import { tally } from './tally.js';

const element = id => document.getElementById(id);
const module = WebAssembly.compileStreaming(fetch('../../fixtures/c-command/c_command.wasm'));

element('tally').addEventListener('submit', async event => {
  event.preventDefault();
  const words = element('words').value.split('\n');
  const { exitCode, output } = await tally(await module, words, element('text').value);
  element('output').textContent = `${output}exit code ${exitCode}`;
});
