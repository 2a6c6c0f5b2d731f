import { ActorError, readJson, writeJson } from '../../src/actor/index.ts';
import {
  Network,
  NetworkError,
  type Plan,
  type PlanOptions,
  toDot,
  toMermaid,
} from '../../src/network/index.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { WORKSPACE, WRITTEN } from './graphs.ts';

type Link = [from: string, to: string];
/** `a.out` as an end of a connection. */
const end = (text: string, more: object = {}) => {
  const [nodeId, portId] = text.split('.');
  return { nodeId, portId, ...more };
};
const edge = ([from, to]: Link, more: object = {}) => ({ from: end(from), to: end(to), ...more });
const ends = (ports: { [name: string]: string }) =>
  Object.fromEntries(Object.entries(ports).map(([name, text]) => [name, end(text)]));

/** A graph of processes, each `id` or `id:Component`. */
const graph = (processes: string, links: Link[] = [], more: object = {}) => ({
  properties: { name: 'main' },
  processes: Object.fromEntries(
    processes.split(' ').map(text => {
      const [id, component = 'X'] = text.split(':');
      return [id, { component }];
    }),
  ),
  connections: links.map(link => edge(link)),
  ...more,
});

const idsOf = ({ edges }: Plan) => edges.map(({ id }) => id);
const ports = (list: Plan['inports']) => list.map(({ name, node, port }) => `${name}: ${node}.${port}`);
const metadata = (inports: string[], outports: string[]) => {
  const define = (text: string) => {
    const [name = '', port_type = 'Any'] = text.split(':');
    return { name, port_type, description: '', required: false };
  };
  return { metadata: { inports: inports.map(define), outports: outports.map(define) } };
};

suite('plan of a graph', test => {
  test('has the nodes, edges, initial packets and exposed ports of a file as a program writes it', () => {
    const plan = Network.plan(WRITTEN);
    equal(plan, {
      name: 'written',
      nodes: [
        { id: 'a', component: 'A', metadata: { factor: 3 }, caseSensitive: true, cycle: null },
        { id: 'b', component: 'B', metadata: {}, caseSensitive: true, cycle: null },
      ],
      edges: [
        {
          id: 'a.out -> b.in',
          from: { node: 'a', port: 'out' },
          to: { node: 'b', port: 'in' },
          capacity: 16,
          isInCycle: false,
          isFallback: false,
        },
      ],
      initial: [{ to: { node: 'b', port: 'limit[2]' }, data: 10 }],
      inports: [{ name: 'start', node: 'a', port: 'in', type: { type: 'any' }, isFallback: false }],
      outports: [
        { name: 'done', node: 'b', port: 'out', type: { type: 'any' }, isFallback: false },
        { name: 'error', node: 'b', port: 'error', type: { type: 'any' }, isFallback: false },
        { name: 'error', node: 'a', port: 'error', type: { type: 'any' }, isFallback: true },
      ],
      groups: [{ id: 'both', nodes: ['a', 'b'] }],
      cycles: [],
      warnings: [],
    });
  });

  test('is the same for text, for bytes and for the object, and can be written as JSON', () => {
    const text = JSON.stringify(WRITTEN);
    const plan = Network.plan(WRITTEN);
    equal(Network.plan(text), plan);
    equal(Network.plan(new TextEncoder().encode(text)), plan);
    equal(readJson(writeJson(plan)), plan);
  });

  for (const [name, file] of Object.entries(WORKSPACE)) {
    test(`reads the hand-written file ${name}, and warns of the graphs that are not given`, () => {
      const plan = Network.plan(file);
      is(plan.nodes.length, Object.keys(file.processes).length);
      is(plan.edges.length, file.connections.length);
      equal(
        plan.warnings.map(({ path }) => path),
        file.external_connections.map((_, index) => `graph.external_connections[${index}]`),
      );
    });
  }

  test('compares port names without case, unless caseSensitive is set', () => {
    const links: Link[] = [
      ['a.Out', 'b.in'],
      ['a.out', 'c.IN'],
      ['b.out', 'c.in'],
    ];
    equal(idsOf(Network.plan(graph('a b c', links))), ['a.Out -> b.in', 'a.Out -> c.IN', 'b.out -> c.IN']);
    const sensitive = { caseSensitive: true };
    equal(idsOf(Network.plan(graph('a b c', links, sensitive)))[1], 'a.out -> c.IN');
  });

  test('spells ports as the metadata of their component does', () => {
    const components = { X: metadata(['In'], ['Out']) };
    equal(idsOf(Network.plan(graph('a b', [['a.out', 'b.IN']]), { components })), ['a.Out -> b.In']);
  });

  test('names a port of an array port by its index', () => {
    const connections = [{ from: end('a.out', { index: 1 }), to: end('b.in', { index: 0 }) }];
    equal(idsOf(Network.plan(graph('a b', [], { connections }))), ['a.out[1] -> b.in[0]']);
    const components = { X: metadata(['in'], ['out']) };
    equal(idsOf(Network.plan(graph('a b', [], { connections }), { components })), ['a.out[1] -> b.in[0]']);
  });

  test('escapes dots in names, so that no two edges have one id', () => {
    const connections = [
      { from: { nodeId: 'a.b', portId: 'c' }, to: end('x.in') },
      { from: { nodeId: 'a', portId: 'b.c' }, to: end('x.in') },
    ];
    equal(idsOf(Network.plan(graph('a a.b x', [], { connections }))), ['a%2eb.c -> x.in', 'a.b%2ec -> x.in']);
  });

  test('reads the initial packets with exact numbers, and ignores their from', () => {
    const text =
      '{"properties":{"name":"n"},"processes":{"a":{"component":"X"}},"connections":[' +
      '{"from":{},"to":{"nodeId":"a","portId":"p"},"data":9007199254740993},' +
      '{"to":{"nodeId":"a","portId":"p"},"data":1.0},{"to":{"nodeId":"a","portId":"p"},"data":false}]}';
    is(writeJson(Network.plan(text).initial.map(({ data }) => data)), '[9007199254740993,1.0,false]');
  });

  const chain: Link[] = [
    ['a.o', 'b.i'],
    ['b.o', 'c.i'],
  ];
  const cycles: [name: string, links: Link[], cycles: string[][], inCycle: string[]][] = [
    ['a chain', chain, [], []],
    ['an edge to the same node', [...chain, ['b.o', 'b.j']], [['b']], ['b.o -> b.j']],
    ['two nodes', [...chain, ['b.p', 'a.i']], [['a', 'b']], ['a.o -> b.i', 'b.p -> a.i']],
    ['a ring', [...chain, ['c.o', 'a.i']], [['a', 'b', 'c']], ['a.o -> b.i', 'b.o -> c.i', 'c.o -> a.i']],
    [
      'two rings with an edge between them',
      [['a.o', 'a.i'], ...chain, ['c.o', 'b.j']],
      [['b', 'c'], ['a']],
      ['a.o -> a.i', 'b.o -> c.i', 'c.o -> b.j'],
    ],
  ];
  for (const [name, links, expected, inCycle] of cycles) {
    test(`finds the cycles of ${name}`, () => {
      const plan = Network.plan(graph('a b c', links));
      equal(
        plan.cycles.map(nodes => [...nodes].sort()),
        expected,
      );
      equal(
        plan.edges.filter(edge => edge.isInCycle).map(({ id }) => id),
        inCycle,
      );
      for (const { id, cycle } of plan.nodes)
        is(
          cycle,
          plan.cycles.findIndex(nodes => nodes.includes(id)) < 0
            ? null
            : plan.cycles.findIndex(nodes => nodes.includes(id)),
        );
    });
  }

  test('of a chain of 10,000 nodes does not overflow the call stack', () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
    const links = names.slice(1).map((name, index): Link => [`n${index}.o`, `${name}.i`]);
    is(Network.plan(graph(names.join(' '), [...links, ['n9999.o', 'n0.i']])).cycles[0]?.length, 10_000);
  });
});

const inner = graph('head tail', [['head.out', 'tail.in']], {
  properties: { name: 'inner' },
  inports: ends({ In: 'head.in' }),
  outports: ends({ out: 'tail.out' }),
  groups: [{ id: 'g', nodes: ['head', 'tail'] }],
});

suite('plan of subgraphs', test => {
  test('puts the nodes of a subgraph in its place, as outer/inner', () => {
    const main = graph('a s:Sub b', [
      ['a.out', 's.in'],
      ['s.out', 'b.in'],
    ]);
    const plan = Network.plan(main, { components: { Sub: { graph: inner } } });
    equal(idsOf(plan), ['s/head.out -> s/tail.in', 'a.out -> s/head.in', 's/tail.out -> b.in']);
    equal(plan.groups, [{ id: 's/g', nodes: ['s/head', 's/tail'] }]);
  });

  test('exposes ports of a subgraph, and takes a subgraph in a subgraph, each time with its own nodes', () => {
    const middle = graph('x:Sub y:Sub', [['x.out', 'y.in']], {
      inports: ends({ in: 'x.in' }),
      outports: ends({ out: 'y.out' }),
    });
    const main = graph('m:Middle', [], { inports: ends({ go: 'm.in' }), outports: ends({ end: 'm.out' }) });
    const plan = Network.plan(main, { components: { Sub: { graph: inner }, Middle: { graph: middle } } });
    equal(ports(plan.inports), ['go: m/x/head.in']);
    equal(ports(plan.outports), ['end: m/y/tail.out']);
    equal(idsOf(plan)[2], 'm/x/tail.out -> m/y/head.in');
  });

  test('leads initial packets and groups of a graph into its subgraphs', () => {
    const main = graph('s:Sub', [], {
      connections: [{ to: end('s.in'), data: 1 }],
      groups: [{ id: 'all', nodes: ['s'] }],
    });
    const plan = Network.plan(main, { components: { Sub: { graph: inner } } });
    equal(plan.initial, [{ to: { node: 's/head', port: 'in' }, data: 1 }]);
    equal(plan.groups.at(-1), { id: 'all', nodes: ['s/head', 's/tail'] });
  });
});

suite('ways of errors', test => {
  const fallbacks = (plan: Plan) => [
    ...plan.edges.filter(({ isFallback }) => isFallback).map(({ id }) => id),
    ...ports(plan.outports.filter(({ isFallback }) => isFallback)),
  ];

  test('a node without an edge from error sends its errors where its graph does', () => {
    const main = graph('a b c', [['b.error', 'c.in']], { outports: ends({ error: 'c.error' }) });
    equal(fallbacks(Network.plan(main)), ['error: a.error']);
  });

  test('errors of a subgraph go to the nearest graph that exposes error and is connected', () => {
    const failing = { ...inner, outports: ends({ error: 'tail.error', out: 'tail.out' }) };
    const components = { Sub: { graph: failing } };
    const connected = graph('s:Sub log', [['s.error', 'log.in']], { outports: ends({ error: 'log.error' }) });
    equal(fallbacks(Network.plan(connected, { components })), ['s/head.error -> log.in']);
    const alone = graph('s:Sub log', [], { outports: ends({ error: 'log.error' }) });
    equal(fallbacks(Network.plan(alone, { components })), ['error: s/head.error', 'error: s/tail.error']);
  });

  test('no handler of errors gets its own errors, nor those of nodes after it', () => {
    const handling = graph('a handler after', [['handler.out', 'after.in']], {
      outports: ends({ error: 'a.error' }),
    });
    const main = graph('s:Sub log end', [
      ['s.error', 'log.in'],
      ['log.out', 'end.in'],
    ]);
    const plan = Network.plan(
      { ...main, outports: ends({ error: 's.error' }) },
      { components: { Sub: { graph: handling } } },
    );
    equal(plan.cycles, []);
    equal(fallbacks(plan), [
      's/handler.error -> log.in',
      's/after.error -> log.in',
      'error: s/handler.error',
      'error: s/after.error',
    ]);
  });

  test('the port error may be spelled with capitals where case does not count', () => {
    const main = graph('a b', [['a.Error', 'b.in']], { outports: ends({ error: 'b.error' }) });
    equal(fallbacks(Network.plan(main)), []);
  });
});

const IDLE_TICKER = {
  path: 'graphs[0].processes.tick',
  message: 'no packet can reach it, so it never runs; give it an initial packet or an exposed port',
};

suite('plan of a workspace', test => {
  const { ticker, printer, intake, grinding, packing, watch } = WORKSPACE;

  test('connects graphs by namespace, in both directions of externalConnections, in any order', () => {
    const plan = Network.plan([ticker, printer]);
    equal(idsOf(plan), ['clocks/ticker/tick.Output -> clocks/printer/print.Input']);
    equal(idsOf(Network.plan([printer, ticker])), idsOf(plan));
    equal(ports(plan.outports), [
      'clocks/ticker/ticks: clocks/ticker/tick.Output',
      'clocks/printer/printed: clocks/printer/print.Output',
    ]);
    equal(plan.warnings, [IDLE_TICKER]);
  });

  test('finds a cycle that goes through several files', () => {
    const plan = Network.plan([intake, grinding, packing, watch]);
    equal(plan.nodes.length, 9);
    equal(plan.edges.length, 5 + 7);
    equal(plan.warnings, []);
    equal(
      plan.cycles.map(nodes => [...nodes].sort()),
      [['mill/grinding/grind', 'mill/packing/fill', 'mill/packing/label']],
    );
  });

  test('takes a connection once that both files describe', () => {
    const both = {
      ...ticker,
      external_connections: printer.external_connections.map(external => ({
        ...external,
        targetGraph: 'printer',
      })),
    };
    equal(Network.plan([both, printer]).edges.length, 1);
  });

  test('warns of other data types, and of a required interface that nothing feeds', () => {
    const other = {
      ...ticker,
      provided_interfaces: { ticks: { ...ticker.provided_interfaces.ticks, dataType: 'Beat' } },
    };
    const unfed = { ...printer, external_connections: [] };
    equal(Network.plan([other, printer]).warnings, [
      {
        path: 'graphs[1].external_connections[0]',
        message: 'data of type "Beat" go to an interface for "Tick"',
      },
      IDLE_TICKER,
    ]);
    equal(Network.plan([ticker, unfed]).warnings, [
      { path: 'graphs[1].required_interfaces.ticks', message: 'required, but no connection leads there' },
      IDLE_TICKER,
    ]);
  });

  const refused: [name: string, graphs: object[], message: RegExp][] = [
    [
      'a graph that is missing',
      [printer, watch],
      /^graphs\[0\]\.graph_dependencies\[0\]: the graph needs "ticker"/,
    ],
    ['two graphs of one path', [ticker, ticker], /^graphs\[1\]: there is another graph "clocks\/ticker"$/],
    [
      'a connection to a graph that is not given',
      [{ ...printer, graph_dependencies: [] }, watch],
      /^graphs\[0\]\.external_connections\[0\]: the graph "ticker" is not given$/,
    ],
    [
      'a connection from a process that is in neither graph',
      [
        { ...ticker, processes: { tock: { component: 'X' } }, outports: {}, provided_interfaces: {} },
        printer,
      ],
      /^graphs\[1\]\.external_connections\[0\]\.fromProcess: there is no process "tick" in the graph "printer"; there are "print"$/,
    ],
  ];
  for (const [name, graphs, message] of refused) {
    test(`refuses ${name}`, async () => {
      await raises(() => Network.plan(graphs), { code: 'INVALID_GRAPH', message });
    });
  }
});

suite('refusals of a plan', test => {
  const typed = (from: object, to: object) =>
    graph('a b', [], {
      connections: [{ from: end('a.o', { portType: from }), to: end('b.i', { portType: to }) }],
    });
  const X = { components: { X: metadata(['in', 'limit'], ['out']) } };
  const self = (name: string, component: string) => ({ ...graph(`x:${component}`), properties: { name } });

  const refused: [graph: unknown, message: string | RegExp, options?: PlanOptions][] = [
    [[1], 'graphs[0]: expected a graph, got 1'],
    [[], 'graphs: expected at least one graph'],
    [7, 'graph: expected a graph, got 7'],
    [{}, 'graph.properties: expected a name, which each graph must have'],
    [{ properties: { name: '' } }, 'graph.properties.name: expected a name, got ""'],
    [{ properties: { name: 'n', namespace: 5 } }, 'graph.properties.namespace: expected a name, got 5'],
    [graph('a', [], { conections: [] }), /^graph\.conections: unknown key; did you mean connections\?/],
    [
      graph('a', [], { case_sensitive: true, caseSensitive: true }),
      'graph.case_sensitive: expected this or caseSensitive, not both',
    ],
    [graph('a', [], { caseSensitive: 'no' }), 'graph.caseSensitive: expected true or false, got "no"'],
    [graph('a', [], { connections: {} }), /^graph\.connections: expected a list, got an object/],
    [graph('a', [], { processes: [] }), /^graph\.processes: expected an object, got an array of 0/],
    [graph('a', [], { processes: { a: {} } }), 'graph.processes.a: expected the key component'],
    [
      graph('a', [], { processes: { '': { component: 'X' } } }),
      'graph.processes[""]: expected a name for the process',
    ],
    [
      graph('a', [], { processes: { a: { component: 'X', metadata: 3 } } }),
      'graph.processes.a.metadata: expected an object, got 3',
    ],
    [
      graph('abc b', [['abc.o', 'abd.i']]),
      'graph.connections[0].to: there is no process "abd" in the graph "main"; did you mean "abc"?',
    ],
    [
      graph('a b', [['long.o', 'b.i']]),
      'graph.connections[0].from: there is no process "long" in the graph "main"; there are "a", "b"',
    ],
    [
      graph('a', [], { connections: [{ to: end('a.i') }] }),
      'graph.connections[0]: expected from, or for an initial packet data other than null',
    ],
    [
      '{"properties":{"name":"main"},"processes":{"a":{"component":"X"},"b":{"component":"X"},"a":{"component":"Y"}}}',
      'graph.processes.a: expected this key once, got it twice',
    ],
    [
      new TextEncoder().encode('{"properties":{"name":"main"},"inports":{"__proto__":{},"__proto__":{}}}'),
      'graph.inports.__proto__: expected this key once, got it twice',
    ],
    [
      '{"properties":{"name":"main"},"connections":[],"connections":[]}',
      'graph.connections: expected this key once, got it twice',
    ],
    [graph('a', [], { connections: [{ from: end('a.o') }] }), 'graph.connections[0]: expected the key to'],
    [
      graph('a', [], { connections: [{ to: { node_id: 'a' }, data: 1 }] }),
      'graph.connections[0].to: expected a portId',
    ],
    [
      graph('a', [], { connections: [{ to: end('z.i'), data: 1 }] }),
      /^graph\.connections\[0\]\.to: there is no process "z"/,
    ],
    [
      graph('a b', [
        ['a.o', 'b.i'],
        ['a.O', 'b.I'],
      ]),
      'graph.connections[1]: there is another connection "a.o -> b.i", so each packet would come twice',
    ],
    [
      graph('a', [], { connections: [edge(['a.o', 'a.i'], { metadata: { capacity: 0 } })] }),
      'graph.connections[0].metadata.capacity: expected a whole number of packets, 1 or more, got 0',
    ],
    [
      graph('a', [], { connections: [{ from: end('a.o', { index: -1 }), to: end('a.i') }] }),
      'graph.connections[0].from.index: expected a whole number of ports, 0 or more, got -1',
    ],
    [
      typed({ type: 'text' }, { type: 'any' }),
      /^graph\.connections\[0\]\.from\.portType: expected a port type such as .*, got "text"$/,
    ],
    [
      typed({ type: 'array', value: { type: 5 } }, {}),
      /^graph\.connections\[0\]\.from\.portType\.value: expected a port type such as .*, got 5$/,
    ],
    [graph('a', [], { inports: ends({ x: 'q.i' }) }), /^graph\.inports\.x: there is no process "q"/],
    [
      graph('a', [], { inports: ends({ x: 'a.i', X: 'a.j' }) }),
      'graph.inports.X: the port "x" has this name too, since case does not count',
    ],
    [graph('a', [], { outports: ends({ '': 'a.o' }) }), 'graph.outports[""]: expected a name for the port'],
    [
      graph('a', [], { groups: [{ id: 'g', nodes: ['b'] }] }),
      /^graph\.groups\[0\]\.nodes: there is no process "b"/,
    ],
    [graph('a', [], { groups: [{ id: 'g' }, { id: 'g' }] }), 'graph.groups[1]: there is another group "g"'],
    [
      graph('a', [], { provided_interfaces: { p: { process_name: 'b', port_name: 'o' } } }),
      /^graph\.provided_interfaces\.p: there is no process "b"/,
    ],
    [
      graph('a b', [['a.out', 'b.inn']]),
      'graph.connections[0].to: component "X" has no inport "inn"; did you mean "in"?',
      X,
    ],
    [
      graph('a b', [['a.result', 'b.in']]),
      'graph.connections[0].from: component "X" has no outport "result"; it has "out"',
      X,
    ],
    [graph('a b', [['a.out', 'b.error']]), /component "X" has no inport "error"/, X],
    [
      graph('a s:Sub', [['a.o', 's.no']]),
      'graph.connections[0].to: the subgraph "s" exposes no inport "no"; there are "In"',
      { components: { Sub: { graph: inner } } },
    ],
    [
      graph('a/b s:Sub', [], { processes: { 's/head': { component: 'X' }, s: { component: 'Sub' } } }),
      'components.Sub.graph.processes.head: there is another node "s/head"',
      { components: { Sub: { graph: inner } } },
    ],
    [
      self('main', 'S'),
      'components.T.graph.processes.x.component: a graph contains itself: S > T > S',
      { components: { S: { graph: self('s', 'T') }, T: { graph: self('t', 'S') } } },
    ],
    [
      graph('a'),
      /^components\.S\.graph: expected a graph, got null$/,
      { components: { S: { graph: null as unknown as object } } },
    ],
  ];
  for (const [given, message, options] of refused) {
    test(`${message}`, async () => {
      const error = await raises(() => Network.plan(given as object, options), { code: 'INVALID_GRAPH' });
      ok(error instanceof NetworkError);
      typeof message === 'string' ? is(error.message, message) : match(error.message, message);
    });
  }

  test('a text that is not JSON is refused with the byte', async () => {
    const error = await raises(() => Network.plan('{"properties":'), {
      code: 'JSON_SYNTAX',
      message: /^graph is not valid JSON: .* at byte 14/,
    });
    ok(error instanceof ActorError);
  });

  test.row('error.INVALID_GRAPH', 'the code of every wrong graph, with the path', async () => {
    await raises(() => Network.plan({}), { code: 'INVALID_GRAPH', message: /^graph\.properties: / });
  });

  test.row(
    'limit.edges',
    'more connections and initial packets than a network may have are refused',
    async () => {
      const packets = (count: number) =>
        graph('a', [], { connections: Array.from({ length: count }, () => ({ to: end('a.i'), data: 1 })) });
      is(Network.plan(packets(100_000)).initial.length, 100_000);
      await raises(() => Network.plan(packets(100_001)), { code: 'GRAPH_TOO_LARGE' });
    },
  );

  test('an object that JSON cannot carry is refused', async () => {
    await raises(() => Network.plan({ properties: { name: () => {} } }), {
      code: 'JSON_VALUE',
      message: /^graph\.properties\.name/,
    });
  });

  test.row(['error.GRAPH_TOO_LARGE', 'limit.nodes'], 'a small file of many nodes is refused', async () => {
    const level = (component: string) =>
      graph(Array.from({ length: 10 }, (_, index) => `n${index}:${component}`).join(' '));
    const components = Object.fromEntries(
      ['A', 'B', 'C', 'D', 'E'].map((name, index, all) => [name, { graph: level(all[index + 1] ?? 'X') }]),
    );
    await raises(() => Network.plan(level('A'), { components }), {
      code: 'GRAPH_TOO_LARGE',
      message: /^components\.E\.graph\.processes\.n0: expected at most 10,000 nodes, got more$/,
    });
  });

  test('a small file of many subgraphs, ports that they expose or members of groups is refused', async () => {
    const EMPTY = { properties: { name: 'empty' } };
    const chain = (levels: number, inner: string) =>
      Object.fromEntries(
        Array.from({ length: levels }, (_, index) => [
          `G${index}`,
          { graph: index + 1 < levels ? graph(inner.replaceAll('G', `G${index + 1}`)) : EMPTY },
        ]),
      );
    const inports = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`p${index}`, end('a.i')]));
    const wide = Array.from({ length: 1000 }, (_, index) => `n${index}`);
    for (const [outer, components] of [
      [graph('a:G0'), chain(22, 'x:G y:G')],
      [graph('a:G0'), chain(5000, 'x:G')],
      [graph(wide.map(id => `${id}:S`).join(' ')), { S: { graph: graph('a', [], { inports }) } }],
      [
        graph('a:S', [], { groups: [{ id: 'g', nodes: Array(2000).fill('a') }] }),
        { S: { graph: graph(wide.join(' ')) } },
      ],
    ] as const) {
      const code = 'GRAPH_TOO_LARGE';
      const message =
        /: expected at most 100,000 subgraphs, ports that they expose and members of groups, got more$/;
      await raises(() => Network.plan(outer, { components }), { code, message });
    }
  });
});

suite('warnings of a plan', test => {
  const typed = (from: object, to: object) =>
    graph('a b', [], {
      connections: [{ from: end('a.o', { portType: from }), to: end('b.i', { portType: to }) }],
    });
  const types: [from: object, to: object, warning: string | null][] = [
    [{ type: 'any' }, { type: 'integer' }, null],
    [{ type: 'integer' }, { type: 'float' }, null],
    [{ type: 'float' }, { type: 'integer' }, 'a.o -> b.i: messages of type float go to a port for integer'],
    [{ type: 'string' }, { type: 'option', value: { type: 'string' } }, null],
    [
      { type: 'option', value: { type: 'string' } },
      { type: 'string' },
      'a.o -> b.i: messages of type option of string go to a port for string',
    ],
    [
      { type: 'array', value: { type: 'integer' } },
      { type: 'array', value: { type: 'string' } },
      'a.o -> b.i: messages of type array of integer go to a port for array of string',
    ],
    [
      { type: 'object', value: 'Order' },
      { type: 'object', value: 'Bill' },
      'a.o -> b.i: messages of type object Order go to a port for object Bill',
    ],
    [{ type: 'object', value: 'Order' }, { type: 'object' }, null],
    [{ type: 'bytes' }, { type: 'stream' }, null],
  ];
  for (const [from, to, warning] of types) {
    test(`${JSON.stringify(from)} to ${JSON.stringify(to)}`, () =>
      equal(
        Network.plan(typed(from, to)).warnings.map(({ message }) => message),
        warning === null ? [] : [warning],
      ));
  }

  test('types of a file are compared with those of the metadata', () => {
    const components = { X: metadata(['i:Integer'], ['o:String']) };
    equal(Network.plan(typed({ type: 'any' }, { type: 'boolean' }), { components }).warnings, [
      { path: 'graph.connections[0].to', message: 'port "i" is boolean here, and integer by its plugin' },
      {
        path: 'graph.connections[0]',
        message: 'a.o -> b.i: messages of type string go to a port for boolean',
      },
    ]);
  });

  test('a node that no packet can reach, where others are reached', () => {
    const edges: Link[] = [
      ['a.o', 'b.i'],
      ['c.o', 'd.i'],
      ['d.o', 'c.i'],
    ];
    const idle = ['c', 'd'].map(id => ({ ...IDLE_TICKER, path: `graph.processes.${id}` }));
    equal(Network.plan(graph('a b c d', edges, { inports: ends({ go: 'a.i' }) })).warnings, idle);
    const initial = { to: end('a.i'), data: 1 };
    const unfed = graph('a b c d', edges);
    equal(Network.plan({ ...unfed, connections: [...unfed.connections, initial as never] }).warnings, idle);
    equal(Network.plan(unfed).warnings, [], 'a part of another graph');
  });

  test('settings that have no effect where they stand', () => {
    const metadata = { await_all_inports: 'yes', timeout_ms: 5 };
    const warningsOf = (main: object, components = {}) =>
      Network.plan(main, { components }).warnings.map(({ path, message }) => `${path}: ${message}`);
    equal(warningsOf(graph('', [], { processes: { a: { component: 'X', metadata } } })), [
      'graph.processes.a.metadata.await_all_inports: not read: expected true or false, got "yes"',
    ]);
    const external = { targetGraph: 'z', fromProcess: 'a', fromPort: 'o', toProcess: 'q', toPort: 'i' };
    const inner = graph('a', [], { externalConnections: [external] });
    const outer = graph('', [], { processes: { s: { component: 'S', metadata } } });
    const help = 'not read for a subgraph; give it to the nodes of the subgraph';
    equal(warningsOf(outer, { S: { graph: inner } }), [
      `graph.processes.s.metadata.await_all_inports: ${help}`,
      `graph.processes.s.metadata.timeout_ms: ${help}`,
      'components.S.graph.externalConnections[0]: not connected: the graph z is not given',
    ]);
    const bounded = { metadata: { capacity: 5 } };
    const ring = [edge(['a.o', 'b.i'], bounded), edge(['b.o', 'a.i']), edge(['b.o', 'c.i'], bounded)];
    equal(warningsOf(graph('a b c', [], { connections: ring })), [
      'graph.connections[0].metadata.capacity: not read inside a cycle, where no sender waits',
    ]);
  });

  test('a process whose id is not its key is known by its key', () => {
    const main = graph('a', [], { processes: { a: { id: 'b', component: 'X' } } });
    equal(Network.plan(main).warnings, [
      { path: 'graph.processes.a.id', message: 'the process is known by its key "a", not as "b"' },
    ]);
  });
});

suite('picture of a plan', test => {
  const strange = graph(
    'a b:"<Y>"',
    [
      ['a.o', 'b.i'],
      ['b.o', 'a.i'],
    ],
    {
      inports: ends({ go: 'a.i' }),
      outports: ends({ end: 'b.o', error: 'b.error' }),
      groups: [{ id: 'g "1"', nodes: ['a'] }],
    },
  );
  const plan = () =>
    Network.plan({ ...strange, connections: [...strange.connections, { to: end('a.p'), data: 1 }] });

  test('as a flowchart of Mermaid', () =>
    is(
      toMermaid(plan()),
      `flowchart LR
  n0["a<br/>X"]
  n1["b<br/>#34;#60;Y#62;#34;"]
  subgraph group0["g #34;1#34;"]
    n0
  end
  in0(["go"]) -- "i" --> n0
  init0(("•")) -- "p" --> n0
  n0 == "o → i" ==> n1
  n1 == "o → i" ==> n0
  n1 -- "o" --> out0(["end"])
  n1 -- "error" --> out1(["error"])
`,
    ));

  test('in the language of Graphviz', () =>
    is(
      toDot(plan()),
      `digraph "main" {
  rankdir=LR
  node [shape=box]
  n0 [label="a\\nX"]
  n1 [label="b\\n\\"<Y>\\""]
  subgraph cluster0 {
    label="g \\"1\\""
    n0
  }
  in0 [label="go", shape=ellipse]
  in0 -> n0 [label="i"]
  init0 [label="", shape=point]
  init0 -> n0 [label="p"]
  n0 -> n1 [label="o → i", style=bold]
  n1 -> n0 [label="o → i", style=bold]
  out0 [label="end", shape=ellipse]
  n1 -> out0 [label="o"]
  out1 [label="error", shape=ellipse]
  n1 -> out1 [label="error"]
}
`,
    ));
});
