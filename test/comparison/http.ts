import type { ComparisonTopic } from './row.ts';

const REFUSED =
  '[One request, one meaning on every runtime](/docs/RATIONALE.md#which-requests-are-refused-before-they-are-sent).';

export const http: ComparisonTopic = {
  title: 'HTTP',
  source: 'plugin',
  intro:
    'Requests go through the `fetch` of the runtime, and its rules hold on every runtime. The cells about native come from `test/native/http_probe.py`.',
  rows: [
    {
      id: 'http-off',
      case: 'a request where no host is allowed',
      native: 'ends the call, naming the URL',
      plugboard: 'ends the call with `HTTP_NOT_ENABLED`, naming the URL and the option',
      why: 'As native, with a code.',
    },
    {
      id: 'http-method',
      case: 'the method TRACE or CONNECT, or one beyond HTTP/1.1 such as PROPFIND',
      native: 'TRACE and CONNECT are sent; others end the call',
      go: 'sent',
      js: 'TRACE and CONNECT end the call; others are sent as the runtime can: Bun sends GET instead',
      plugboard:
        'methods that every runtime sends, those of WebDAV too; for any other `INVALID_HTTP_REQUEST`, and nothing is sent',
      why: REFUSED,
    },
    {
      id: 'http-port',
      case: 'a port that `fetch` blocks, such as 25 or 6000',
      native: 'sent',
      js: 'ends the call, but on Bun and workerd',
      plugboard: 'ends the call with `INVALID_HTTP_REQUEST`, also after a redirect',
      why: REFUSED,
    },
    {
      id: 'http-header-fixed',
      case: 'headers of the connection such as `upgrade`, or a `host` or `content-length` other than that of the request',
      native: 'sent',
      go: 'sent, but for `host`, which is ignored',
      js: 'sent, dropped or refused, as the runtime does',
      plugboard:
        'ends the call with `INVALID_HTTP_REQUEST`; in pages also for headers that only the browser sets',
      why: REFUSED,
    },
    {
      id: 'http-header-text',
      case: 'a header value beyond ASCII',
      native: 'sent as UTF-8',
      js: 'ends the call beyond U+00FF; below, one byte for each character',
    },
    {
      id: 'http-header-control',
      case: 'a header value with a line end or another control character',
      native: 'ends the call',
      js: 'ends the call; most control characters are sent by Bun and workerd',
      plugboard: 'ends the call with `INVALID_HTTP_REQUEST`',
      why: 'As native, with a code.',
    },
    {
      id: 'http-redirect-host',
      case: 'a redirect to a host that is not allowed',
      native: 'followed',
      plugboard: 'ends the call with `HTTP_DENIED`',
      why: 'A server that is allowed could lead the plugin to any other.',
    },
    {
      id: 'http-redirect-body',
      case: 'a redirect by 307 or 308 of a request that may have a body',
      native: 'ends the call',
      go: 'followed, with the body',
      js: 'followed, with the body; ends the call on Node 20 and 22',
      plugboard: 'followed, with the body',
      why: 'As the standard of HTTP asks, and all browsers do.',
    },
    {
      id: 'http-cookies',
      case: 'several `set-cookie` in a response',
      native: 'the last one',
      go: 'joined with ","',
    },
    {
      id: 'http-repeated',
      case: 'another header several times in a response',
      native: 'the last value',
      go: 'joined with ","',
      js: 'joined with ", "',
      plugboard: 'joined with ", "',
      why: '`fetch` gives them so, and the standard of HTTP says that both mean the same.',
    },
    {
      id: 'http-response-text',
      case: 'a value beyond ASCII in a header of a response',
      native: 'left out',
      go: 'kept',
      js: 'kept, one character for each byte',
    },
    {
      id: 'http-gzip',
      case: 'a body in the coding gzip',
      native: 'decoded; `content-encoding` and `content-length` are left out',
      js: 'decoded; both headers stay',
    },
    {
      id: 'http-coding',
      case: 'a body in another coding that `fetch` decodes, such as br',
      native: 'as it came; both headers stay',
      js: 'decoded; both headers stay',
      plugboard: 'decoded; both headers are left out',
      why: '`fetch` gives no other body. A plugin that trusts the header must not decode twice.',
    },
  ],
};
