// Graph files of the shapes that Reflow's own examples have: hand-written with snake_case keys, and as a program writes them.

const end = (nodeId: string, port: string, expose = false) => ({
  portName: port,
  portId: port,
  nodeId,
  expose,
  portType: { type: 'any' },
});

const link = (from: [string, string], to: [string, string]) => ({
  from: end(...from),
  to: end(...to),
  metadata: {},
});

const port = (processName: string, portName: string, dataType: string, required = false) => ({
  interfaceId: `${processName}_${portName}`,
  processName,
  portName,
  dataType,
  description: `${dataType} of ${processName}`,
  required,
});

const toGraph = (
  target: [namespace: string, graph: string],
  from: [string, string],
  to: [string, string],
) => ({
  connectionId: `${from.join('_')}_to_${to.join('_')}`,
  targetGraph: target[1],
  targetNamespace: target[0],
  fromProcess: from[0],
  fromPort: from[1],
  toProcess: to[0],
  toPort: to[1],
  description: 'between graphs',
});

const needs = (namespace: string, graphName: string) => ({
  graphName,
  namespace,
  versionConstraint: '>=1.0.0',
  required: true,
  description: `needs ${graphName}`,
});

const properties = (namespace: string, name: string) => ({
  name,
  description: `the graph ${name}`,
  version: '1.0.0',
  namespace,
});

const process = (id: string, component: string, metadata: object = {}) => ({
  [id]: { id, component, metadata },
});

const nothing = {
  groups: [],
  graph_dependencies: [],
  external_connections: [],
  provided_interfaces: {},
  required_interfaces: {},
};

/** A node that sends on its own, and one in another file that takes it: the connection stands in the file of the taker. */
const ticker = {
  ...nothing,
  caseSensitive: false,
  properties: properties('clocks', 'ticker'),
  processes: process('tick', 'TickActor', { interval: 1000 }),
  connections: [],
  inports: {},
  outports: { ticks: end('tick', 'Output', true) },
  provided_interfaces: { ticks: port('tick', 'Output', 'Tick') },
};
const printer = {
  ...nothing,
  caseSensitive: false,
  properties: { ...properties('clocks', 'printer'), dependencies: ['ticker'] },
  processes: process('print', 'PrintActor', { prefix: '> ' }),
  connections: [],
  inports: { lines: end('print', 'Input', true) },
  outports: { printed: end('print', 'Output', true) },
  graph_dependencies: [needs('clocks', 'ticker')],
  external_connections: [toGraph(['clocks', 'ticker'], ['tick', 'Output'], ['print', 'Input'])],
  provided_interfaces: { printed: port('print', 'Output', 'Line') },
  required_interfaces: { ticks: port('print', 'Input', 'Tick', true) },
};

/** Three stages in three files, the last of which sends back to the second; and a fourth file that watches all. */
const intake = {
  ...nothing,
  caseSensitive: false,
  properties: properties('mill/intake', 'intake'),
  processes: { ...process('weigh', 'WeighActor'), ...process('sieve', 'SieveActor') },
  connections: [link(['weigh', 'Output'], ['sieve', 'Input'])],
  inports: { scale: end('weigh', 'Config', true) },
  outports: { grain: end('sieve', 'Output', true) },
  external_connections: [toGraph(['mill/grinding', 'grinding'], ['sieve', 'Output'], ['crush', 'Input'])],
  provided_interfaces: { grain: port('sieve', 'Output', 'Grain') },
};
const grinding = {
  ...nothing,
  caseSensitive: false,
  properties: { ...properties('mill/grinding', 'grinding'), dependencies: ['intake'] },
  processes: { ...process('crush', 'CrushActor'), ...process('grind', 'GrindActor') },
  connections: [link(['crush', 'Output'], ['grind', 'Input'])],
  inports: { grain: end('crush', 'Input', true) },
  outports: { flour: end('grind', 'Output', true) },
  graph_dependencies: [needs('mill/intake', 'intake')],
  external_connections: [toGraph(['mill/packing', 'packing'], ['grind', 'Output'], ['fill', 'Input'])],
  provided_interfaces: { flour: port('grind', 'Output', 'Flour') },
  required_interfaces: { grain: port('crush', 'Input', 'Grain', true) },
};
const packing = {
  ...nothing,
  caseSensitive: false,
  properties: { ...properties('mill/packing', 'packing'), dependencies: ['grinding'] },
  processes: { ...process('fill', 'FillActor'), ...process('label', 'LabelActor') },
  connections: [link(['fill', 'Output'], ['label', 'Input'])],
  inports: { flour: end('fill', 'Input', true) },
  outports: { bags: end('label', 'Output', true) },
  graph_dependencies: [needs('mill/grinding', 'grinding')],
  external_connections: [
    toGraph(['mill/grinding', 'grinding'], ['label', 'Rejected'], ['grind', 'Feedback']),
  ],
  provided_interfaces: { bags: port('label', 'Output', 'Bag') },
  required_interfaces: { flour: port('fill', 'Input', 'Flour', true) },
};
const watch = {
  ...nothing,
  caseSensitive: false,
  properties: properties('watch', 'watch'),
  processes: {
    ...process('collect', 'CollectActor'),
    ...process('compare', 'CompareActor'),
    ...process('alarm', 'AlarmActor'),
  },
  connections: [
    link(['collect', 'Output'], ['compare', 'Input']),
    link(['compare', 'Alarms'], ['alarm', 'Input']),
  ],
  inports: { readings: end('collect', 'ExternalInput', true) },
  outports: { board: end('collect', 'Board', true) },
  external_connections: [
    toGraph(['mill/intake', 'intake'], ['collect', 'Ask'], ['weigh', 'Metrics']),
    toGraph(['mill/grinding', 'grinding'], ['collect', 'Ask'], ['grind', 'Metrics']),
    toGraph(['mill/packing', 'packing'], ['collect', 'Ask'], ['label', 'Metrics']),
    toGraph(['mill/intake', 'intake'], ['alarm', 'Slower'], ['weigh', 'Control']),
  ],
  provided_interfaces: {
    board: port('collect', 'Board', 'Board'),
    slower: port('alarm', 'Slower', 'Command'),
  },
};

export const WORKSPACE = { ticker, printer, intake, grinding, packing, watch };

/** As a program writes a graph: all keys, in camelCase. */
export const WRITTEN = {
  caseSensitive: true,
  properties: { name: 'written' },
  inports: { start: { ...end('a', 'in', true), index: null, data: null, metadata: null } },
  outports: {
    done: { ...end('b', 'out', true), index: null, data: null, metadata: null },
    error: { ...end('b', 'error', true), index: null, data: null, metadata: null },
  },
  groups: [{ id: 'both', nodes: ['a', 'b'], metadata: { color: 1 } }],
  processes: {
    a: { id: 'a', component: 'A', metadata: { factor: 3 }, scriptRuntime: null },
    b: { id: 'b', component: 'B', metadata: null },
  },
  connections: [
    {
      from: { ...end('a', 'out'), index: null, data: null, metadata: null },
      to: { ...end('b', 'in'), index: null, data: null, metadata: null },
      metadata: { capacity: 16 },
      data: null,
    },
    {
      from: {
        portName: '',
        portId: '',
        nodeId: '',
        index: null,
        expose: false,
        data: null,
        metadata: null,
        portType: { type: 'any' },
      },
      to: { ...end('b', 'limit'), index: 2, data: null, metadata: null },
      metadata: null,
      data: 10,
    },
  ],
  graphDependencies: [],
  externalConnections: [],
  providedInterfaces: {},
  requiredInterfaces: {},
};
