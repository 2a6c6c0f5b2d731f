// Serve the repository after `npm run bundle`, for instance with `python3 -m http.server`, and open /examples/browser/.
import { createPlugin } from '../../dist/browser/plugboard.min.js';

const EXAMPLE = new URL('../../fixtures/rust-pdk/rust_pdk.wasm', import.meta.url);
const element = id => document.getElementById(id);
const [status, select, run, output, lines] = ['plugin', 'function', 'run', 'output', 'log'].map(element);
let plugin;

/** What the plugin, or a function that it calls here, has to say. */
function log(level, text) {
  const line = document.createElement('li');
  line.textContent = `${level}: ${text}`;
  lines.append(line);
}

function show(where, text, isError = false) {
  where.textContent = text;
  where.classList.toggle('error', isError);
}

const logger = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error'].map(level => [level, text => log(level, text)]),
);

/** What the example plugin imports from its host. A plugin that imports anything else tells so when it is created. */
const functions = {
  'extism:host/user': {
    notify: (context, handle) => log('notify', context.read(handle).text()),
    shout: (context, handle) => context.store(context.read(handle).text().toUpperCase()),
  },
};

async function load(name, bytes) {
  await plugin?.close();
  plugin = undefined;
  select.replaceChildren();
  lines.replaceChildren();
  show(output, '');
  try {
    plugin = await createPlugin(bytes, {
      functions,
      logger,
      logLevel: 'trace',
      stdout: line => log('stdout', line),
      stderr: line => log('stderr', line),
    });
    const exports = await plugin.getExports();
    select.append(...exports.filter(({ kind }) => kind === 'function').map(({ name }) => new Option(name)));
    show(status, `${name}: ${bytes.length.toLocaleString()} bytes, ${select.length} functions`);
  } catch (error) {
    show(status, `${name}: ${error.message}`, true);
  }
  select.disabled = run.disabled = !plugin;
}

element('load-example').addEventListener('click', async () => {
  const response = await fetch(EXAMPLE);
  load('rust_pdk.wasm', new Uint8Array(await response.arrayBuffer()));
});

element('file').addEventListener('change', async ({ target }) => {
  const [file] = target.files;
  if (file) load(file.name, new Uint8Array(await file.arrayBuffer()));
});

element('call').addEventListener('submit', async event => {
  event.preventDefault();
  lines.replaceChildren();
  run.disabled = true;
  try {
    const result = await plugin.call(select.value, element('input').value);
    show(output, result === null ? '(no output)' : result.text());
  } catch (error) {
    show(output, `${error.code}: ${error.message}`, true);
  }
  run.disabled = false;
});
