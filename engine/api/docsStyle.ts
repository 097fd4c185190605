// The style sheet of /docs; its hash is in the page's policy.

export const docsStyle = `
:root{color-scheme:light dark;--line:#8883;--soft:#8881;--link:#2563eb}
@media (prefers-color-scheme:dark){:root{--link:#7aa7ff}}
*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,sans-serif;display:grid;grid-template-columns:12rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem 1rem;border-right:1px solid var(--line)}
nav a{display:block;padding:.15rem 0;text-decoration:none}
nav .home{font-weight:600;margin-bottom:.75rem}
main{padding:1.5rem 2rem 4rem;max-width:62rem}
a{color:var(--link)}
h1 small,h4 small{font-weight:400;opacity:.6}
h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}
h4{margin:1rem 0 .25rem}
code,pre{font:13px/1.5 ui-monospace,monospace}
pre{background:var(--soft);padding:.75rem 1rem;border-radius:6px;overflow:auto;margin:.25rem 0}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.5rem .75rem}
summary{cursor:pointer}
summary span{opacity:.75;margin-left:.5rem}
summary b{display:inline-block;min-width:4.5rem;font:600 12px/1.5 ui-monospace,monospace}
.GET{color:#0a7d3c}.POST{color:#2563eb}.DELETE{color:#c0392b}.PUT,.PATCH{color:#a15c00}
.may{opacity:.75;margin:.5rem 0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
@media (max-width:45rem){body{display:block}nav{position:static;height:auto;border:0}nav a{display:inline-block;margin-right:.75rem}}
`;
