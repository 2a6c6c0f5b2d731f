/** Limits of reading and printing types, with their reasons. docs/LIMITS.md is printed from these rows. */
export const TYPES_LIMITS = {
  metadataMs: {
    name: 'one call of `get_metadata` while a wrapper is written',
    default: 10_000,
    unit: 'ms',
    option: '--timeout, timeoutMs',
    why: 'A build waits for it, and a plugin that never returns must not hold a build.',
  },
  metadataPages: {
    name: 'memory of the plugin during this call',
    default: 1600,
    unit: 'pages',
    option: null,
    why: '100 MiB, the most that Reflow grants an actor.',
  },
  metadataBytes: {
    name: 'answer of this call',
    default: 1_048_576,
    unit: 'bytes',
    option: null,
    why: 'Metadata is a page of JSON. A larger answer would fill the printed files.',
  },
  schemaCharacters: {
    name: 'text of an XTP schema',
    default: 1_048_576,
    unit: 'characters',
    option: null,
    why: 'People write schemas by hand. Reading takes time in proportion to the text.',
  },
  typeDepth: {
    name: 'types inside types, in a schema or in `config_schema`; levels of YAML',
    default: 64,
    unit: 'levels',
    option: null,
    why: 'The readers call themselves for each level, so the call stack is the limit.',
  },
  descriptionCharacters: {
    name: 'one description in a printed comment',
    default: 2000,
    unit: 'characters',
    option: null,
    why: 'Editors show it beside the cursor. The rest is cut.',
  },
} as const;
