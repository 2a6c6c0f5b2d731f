// Runs in a project that has the package. `require` must return the same modules as `import`.
const assert = require('node:assert');
const createPlugin = require('plugboard');

const emptyModule = new Uint8Array([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

async function main() {
  assert.strictEqual(typeof createPlugin, 'function', "require('plugboard') is not a function");
  for (const path of process.argv.slice(2)) {
    const [required, imported] = [require(path), await import(path)];
    const names = Object.keys(imported).filter(name => name !== 'module.exports');
    assert.ok(names.length > 0, path);
    for (const name of names) assert.ok(required[name] === imported[name], `${path}: ${name}`);
  }
  assert.strictEqual(createPlugin, (await import('plugboard')).createPlugin, 'two functions createPlugin');
  const plugin = await createPlugin(emptyModule);
  assert.strictEqual(await plugin.functionExists('run'), false);
  await plugin.close();
}

main();
