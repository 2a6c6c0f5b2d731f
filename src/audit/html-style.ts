/** The style of the page. Its hash stands in the policy of the page, so that no other style is applied. */
export const STYLE = `:root{color-scheme:light dark;--line:#8886;--soft:#8881;--bad:#b3261e;--good:#1b6e3c;--warn:#8a5a00}
@media (prefers-color-scheme:dark){:root{--bad:#ff9a91;--good:#7fd99f;--warn:#f2c14e}}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid var(--line)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0}
a{color:LinkText}a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid Highlight;outline-offset:2px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}caption{text-align:left;padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
td,th{min-width:7rem}thead th{background:var(--soft)}
code,pre{font:.9em/1.45 ui-monospace,monospace}pre{overflow-x:auto;background:var(--soft);padding:.75rem}
summary{cursor:pointer}.error,.gained{color:var(--bad);font-weight:600}.warning{color:var(--warn);font-weight:600}.lost{color:var(--good);font-weight:600}
details{border-bottom:1px solid var(--line);padding:.35rem 0}svg{display:block;width:100%;height:.6rem;margin:.25rem 0;background:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0}.legend span{display:inline-block;width:.8rem;height:.8rem;margin-right:.3rem;border-radius:.2rem}
.call{fill:#8888}.kernel{fill:#4a7fd4;background:#4a7fd4}.wasi{fill:#2a9d8f;background:#2a9d8f}.http{fill:#c77d0a;background:#c77d0a}.host{fill:#9b5fc0;background:#9b5fc0}.bad{fill:#d64541;background:#d64541}`;

/** SHA-256 of `STYLE` in base64. A test compares them. */
export const STYLE_SHA256 = 'sQ85T13QUYQJVmCtVghs18MDmZOStAbMUf61xqrl9IE=';
