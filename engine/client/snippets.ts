// One prediction call as source text, by language. Pure; each text runs as it stands once NEUTRINO_KEY is set.
import type { PredictRequest } from '../schema/index.ts';

export type SnippetLanguage = 'curl' | 'typescript' | 'python';

/** Quoted for a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** JSON's constants in Python's words; strings are left alone. */
function python(value: unknown, indent = ''): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map((item) => python(item, indent)).join(', ')}]`;
  if (typeof value === 'object') {
    const inner = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${python(item, indent)}`);
    return `{${inner.join(', ')}}`;
  }
  return JSON.stringify(value);
}

/** From address and request to text. */
export const snippets: Record<SnippetLanguage, (url: string, request: PredictRequest) => string> = {
  curl: (url, request) =>
    [
      `curl ${url} \\`,
      '  -H "Authorization: Bearer $NEUTRINO_KEY" \\',
      '  -H "Content-Type: application/json" \\',
      `  -d ${quoted(JSON.stringify(request, null, 1).replace(/\n\s*/g, ' '))}`,
    ].join('\n'),
  typescript: (url, request) =>
    [
      `const response = await fetch(${JSON.stringify(url)}, {`,
      "  method: 'POST',",
      '  headers: {',
      // biome-ignore format: one line of the snippet a line
      "    Authorization: `Bearer ${process.env.NEUTRINO_KEY}`,",
      "    'Content-Type': 'application/json',",
      '  },',
      `  body: JSON.stringify(${JSON.stringify(request, null, 2).replaceAll('\n', '\n  ')}),`,
      '});',
      'const { outputs } = await response.json();',
      'console.log(outputs[0]);',
    ].join('\n'),
  python: (url, request) =>
    [
      'import json, os, urllib.request',
      '',
      'request = urllib.request.Request(',
      `    ${JSON.stringify(url)},`,
      `    data=json.dumps(${python(request)}).encode(),`,
      '    headers={',
      '        "Authorization": f"Bearer {os.environ[\'NEUTRINO_KEY\']}",',
      '        "Content-Type": "application/json",',
      '    },',
      ')',
      'print(json.load(urllib.request.urlopen(request))["outputs"][0])',
    ].join('\n'),
};
