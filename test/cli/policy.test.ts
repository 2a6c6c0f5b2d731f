import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printJson } from '../../src/audit/lock.ts';
import type { PluginPolicy, PolicyFile } from '../../src/audit/node.ts';
import { is, match } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

const PLUGIN = buildModule({
  imports: [{ module: 'host', name: 'pay' }],
  memoryPages: 1,
  functions: [{ name: 'run', body: ['call 0', 'call 0'] }],
});
const OTHER = buildModule({ functions: [{ name: 'run', body: [] }] });
const FILE = 'plugboard.policy.json';
const CALL = ['call', 'a.wasm', 'run', '--stub', 'host.pay', '--policy', FILE];
const RUN = ['run', 'actor.wasm', '--policy', FILE];
const LOCK = ['lock', 'a.wasm', 'actor.wasm', '--reason', 'r'];

interface Row {
  args: string[];
  /** Changes the entry that `plugboard lock` wrote for a.wasm. */
  change?: (plugin: PluginPolicy) => PluginPolicy;
  /** The text of the line of the policy that the message names. */
  line?: string;
  message: RegExp;
}

/** Each is refused. */
const ROWS: Readonly<Record<string, Row>> = {
  'call: another build': {
    args: ['call', 'b.wasm', 'run', '--policy', FILE],
    line: '"plugins"',
    message: /hash "/,
  },
  'call: a host': {
    args: [...CALL, '--allow-host', 'a.test'],
    line: '"grants"',
    message: /host "a\.test" is not granted/,
  },
  'call: a folder': {
    args: [...CALL, '--allow-path', '.'],
    line: '"grants"',
    message: /path "\." for writing/,
  },
  'call: a config key': { args: [...CALL, '--config', 'k=v'], line: '"grants"', message: /config "k"/ },
  'call: a function': {
    args: CALL,
    change: plugin => ({ ...plugin, grants: plugin.grants.filter(grant => !grant.function) }),
    line: '"grants"',
    message: /function "host" "pay" is not granted/,
  },
  'call: a limit': {
    args: [...CALL, '--var-max', '11'],
    change: plugin => ({ ...plugin, limits: { maxVarBytes: 10 } }),
    line: '"limits"',
    message: /the limit maxVarBytes is 11, over the policy, which allows 10/,
  },
  'call: an ended grant': {
    args: CALL,
    change: plugin => ({
      ...plugin,
      grants: plugin.grants.map(grant => ({ ...grant, until: '2001-01-01' })),
    }),
    line: '2001-01-01',
    message: /the grant of hash "[0-9a-f]+" has ended/,
  },
  'call: a budget': {
    args: CALL,
    change: plugin => ({ ...plugin, limits: { hostCalls: 1 } }),
    message: /BUDGET_EXCEEDED: run: limits\.hostCalls/,
  },
  'call: a file that is not a policy': {
    args: [...CALL.slice(0, -1), 'a.wasm'],
    message: /INVALID_POLICY: a\.wasm: expected JSON/,
  },
  'call: a missing file': { args: [...CALL.slice(0, -1), 'lost.json'], message: /FILE: lost\.json: / },
  'run: another build': { args: ['run', 'b.wasm', '--policy', FILE], line: '"plugins"', message: /hash "/ },
  'run: a host': {
    args: [...RUN, '--allow-host', 'a.test'],
    line: '"grants"',
    message: /host "a\.test" is not granted/,
  },
  'run: the policy as the state file': {
    args: [...RUN, '--state', FILE],
    message: /USAGE: .*policy\.json and --state are the same file/,
  },
};

suite('cli --policy', test => {
  const inProject = (body: (folder: string) => Promise<void>) => () =>
    inFolder(async folder => {
      writeFileSync(join(folder, 'a.wasm'), PLUGIN);
      writeFileSync(join(folder, 'b.wasm'), OTHER);
      copyFileSync(host().path('fixtures/rust-counter/rust_counter.wasm'), join(folder, 'actor.wasm'));
      is((await plugboard(folder, LOCK)).code, 0);
      await body(folder);
    });

  test(
    'an approved plugin and an approved actor run',
    inProject(async folder => {
      const called = await plugboard(folder, CALL);
      is(called.code, 0, called.stderr);
      const stdin = '{"increment":{"type":"Flow"}}\n';
      const run = await plugboard(folder, RUN, { stdin });
      is(run.stdout, '{"count":{"type":"Integer","data":1}}\n', run.stderr);
    }),
  );

  for (const [name, { args, change, line, message }] of Object.entries(ROWS)) {
    test(
      `${name} is refused${line === undefined ? '' : ', and the message names the line'}`,
      inProject(async folder => {
        const path = join(folder, FILE);
        const policy = JSON.parse(readFileSync(path, 'utf8')) as PolicyFile;
        const [own, ...others] = policy.plugins;
        const plugins = [change ? change(own!) : own, ...others];
        const text = printJson({ ...policy, plugins });
        writeFileSync(path, text);
        const { stderr, code } = await plugboard(folder, args);
        is(code, /USAGE|FILE|INVALID_POLICY/.test(message.source) ? 2 : 1, stderr);
        match(stderr, message);
        if (line === undefined) return;
        const [, number] = /POLICY_DENIED: plugboard\.policy\.json:(\d+): /.exec(stderr) ?? [];
        match(text.split('\n')[Number(number) - 1]!, new RegExp(line));
        is(readFileSync(path, 'utf8'), text, 'the policy is as it was');
      }),
    );
  }
});
