// Snippets that can be pasted: quoting survives what people put into cells.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { snippets } from '../../../engine/client/index.ts';

const url = 'http://127.0.0.1:7317/api/v1/deployments/topics/predict';
const request = { inputs: [{ text: `it's "quoted" \\ $HOME\n漢字`, known: true, gap: null, size: 1.5 }] };

test('curl passes the request through the shell unchanged', () => {
  const printed = execFileSync('sh', [
    '-c',
    `curl() { while [ "$1" != -d ]; do shift; done; printf %s "$2"; }\n${snippets.curl(url, request)}`,
  ]);
  expect(JSON.parse(printed.toString())).toEqual(request);
});

test('TypeScript carries the request as a literal', () => {
  const literal = /JSON\.stringify\((\{[\s\S]*\})\),\n\}\);/.exec(snippets.typescript(url, request))?.[1] ?? '';
  expect(JSON.parse(literal)).toEqual(request);
});

test('Python has Python’s words for what is true, and for what is missing', () => {
  expect(snippets.python(url, request)).toContain('"known": True, "gap": None, "size": 1.5');
});
