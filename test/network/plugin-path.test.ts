import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Message } from '../../src/actor/node.ts';
import { Network as WebNetwork } from '../../src/network/index.ts';
import { Network, type NetworkOptions } from '../../src/network/node.ts';
import { inFolder } from '../cli/spawn.ts';
import { equal, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const counter = () => host().readBytes('fixtures/rust-counter/rust_counter.wasm');

/** A graph with one node of Reflow's form. */
const graphOf = (metadata: object) => ({
  properties: { name: 'one' },
  processes: { a: { component: 'ExtismActor', metadata } },
  inports: { go: { nodeId: 'a', portId: 'increment' } },
  outports: { end: { nodeId: 'a', portId: 'count' } },
});

async function count(metadata: object, options: NetworkOptions): Promise<unknown> {
  const network = await Network.create(graphOf(metadata), options);
  const { packets } = await network.call({ go: Message.flow() });
  await network.stop();
  return packets;
}

const COUNTED = [{ end: Message.integer(1) }];

/** A folder with a module, one outside of it, and links in both directions. */
const inWorkspace = (body: (folder: string) => Promise<void>) => () =>
  inFolder(async folder => {
    for (const name of ['graphs', 'plugins', 'secret']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'plugins/counter.wasm'), counter());
    writeFileSync(join(folder, 'secret/counter.wasm'), counter());
    symlinkSync(join(folder, 'secret/counter.wasm'), join(folder, 'plugins/out.wasm'));
    symlinkSync(join(folder, 'secret'), join(folder, 'plugins/folder'));
    symlinkSync(join(folder, 'plugins/counter.wasm'), join(folder, 'secret/in.wasm'));
    await body(folder);
  });

suite("a node of Reflow's form ExtismActor", test => {
  const options = (folder: string) => ({
    graphFolder: join(folder, 'graphs'),
    pluginFolders: [join(folder, 'plugins')],
  });

  for (const path of ['../plugins/counter.wasm', '../plugins/folder/../counter.wasm', '../secret/in.wasm']) {
    test(
      `takes ${path}, which lies in an allowed folder`,
      inWorkspace(async folder => {
        equal(await count({ plugin_path: path, entry_point: 'process' }, options(folder)), COUNTED);
      }),
    );
  }

  const refused: [path: unknown, message: RegExp][] = [
    [
      '../secret/counter.wasm',
      /plugin_path: "\.\.\/secret\/counter\.wasm" may not be read: it lies outside the folders of pluginFolders/,
    ],
    ['../plugins/out.wasm', /lies outside/],
    ['../plugins/folder/counter.wasm', /lies outside/],
    ['../plugins/../secret/counter.wasm', /lies outside/],
    ['../plugins2/counter.wasm', /node "a": metadata\.plugin_path: .* may not be read: /],
    ['../plugins', /lies outside/],
    [7, /metadata\.plugin_path: expected the path of a module, or its bytes as source, got 7/],
    [undefined, /metadata\.plugin_path: expected the path/],
  ];
  for (const [path, message] of refused) {
    test(
      `refuses ${path}`,
      inWorkspace(async folder => {
        const metadata = path === undefined ? {} : { plugin_path: path };
        await raises(() => count(metadata, options(folder)), { code: 'UNKNOWN_COMPONENT', message });
      }),
    );
  }

  test(
    'reads nothing without pluginFolders, and nothing where there are no files',
    inWorkspace(async folder => {
      const metadata = { plugin_path: join(folder, 'plugins/counter.wasm') };
      await raises(() => count(metadata, {}), {
        code: 'UNKNOWN_COMPONENT',
        message: /allow its folder in the option pluginFolders/,
      });
      await raises(() => WebNetwork.create(graphOf(metadata), options(folder)), {
        code: 'UNKNOWN_COMPONENT',
        message: /there are no files here/,
      });
    }),
  );

  test('takes the bytes of a module as source, and the component ExtismActor if it is given', async () => {
    equal(await count({ source: [...counter()] }, {}), COUNTED);
    const components = { ExtismActor: () => ({ count: Message.integer(1) }) };
    equal(await count({ plugin_path: 'x' }, { components }), COUNTED);
  });

  test('with another entry point calls that one', async () => {
    await raises(() => count({ source: [...counter()], entry_point: 'run' }, {}), {
      code: 'FUNCTION_NOT_FOUND',
    });
  });
});
