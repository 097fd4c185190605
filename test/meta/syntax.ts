// The syntax of the sources as test/meta reads it: the tree of a file with its parents, and small questions about nodes.
import { posix } from 'node:path';
import { parseSync } from 'vite';
import { read } from './repository.ts';

/** A node of ESTree as the parser gives it; what a kind has is looked up by name. */
export interface Node {
  type: string;
  start: number;
  parent?: Node;
  file?: string;
  [key: string]: unknown;
}

export const isNode = (value: unknown): value is Node =>
  value instanceof Object && typeof (value as Node).type === 'string';
export const list = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
export const node = (value: unknown): Node | undefined => (isNode(value) ? value : undefined);
export const isFunction = (one: Node) =>
  ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(one.type);

/** The name of an identifier, or the text of a key; empty where there is none. */
export function nameOf(one: unknown): string {
  const name = node(one)?.name;
  const value = node(one)?.value;
  return typeof name === 'string' ? name : typeof value === 'string' ? value : '';
}

export interface Source {
  program: Node;
  /** All nodes of the file, in their order. */
  nodes: Node[];
  text: string;
  /** Names from elsewhere: local name → file and the name it has there. */
  imports: Map<string, { file: string; name: string }>;
  exports: Map<string, { file: string; name: string }>;
}

/** A file's tree, its nodes hung to their parents, and what it takes from where. */
export function parse(file: string): Source {
  const text = read(file);
  const program = parseSync(file, text).program as unknown as Node;
  const imports = new Map<string, { file: string; name: string }>();
  const exports = new Map<string, { file: string; name: string }>();
  for (const one of list(program.body)) {
    const from = node(one.source)?.value;
    if (typeof from !== 'string' || !from.startsWith('.')) continue;
    const target = posix.join(posix.dirname(file), from);
    for (const specifier of list(one.specifiers)) {
      if (specifier.type === 'ImportSpecifier')
        imports.set(nameOf(node(specifier.local)), { file: target, name: nameOf(node(specifier.imported)) });
      if (specifier.type === 'ExportSpecifier')
        exports.set(nameOf(node(specifier.exported)), { file: target, name: nameOf(node(specifier.local)) });
    }
  }
  const nodes: Node[] = [];
  const hang = (one: Node) => {
    one.file = file;
    nodes.push(one);
    for (const child of childrenOf(one)) {
      child.parent = one;
      hang(child);
    }
  };
  hang(program);
  return { program, nodes, text, imports, exports };
}

const childrenOf = (one: Node): Node[] =>
  Object.entries(one).flatMap(([key, value]) =>
    key === 'parent' ? [] : Array.isArray(value) ? value.filter(isNode) : list([value]),
  );

/** What cannot be told from the sources. */
export const untold: Node = { type: 'Unknown', start: 0 };

/** A list that no source holds. */
export const listOf = (elements: Node[]): Node => ({ type: 'ArrayExpression', start: 0, elements });

/** The values of a field of an object, or of one place of a list; of all where none is named. */
export function fields(one: Node, key: unknown): Node[] {
  if (one === untold) return [untold];
  if (one.type === 'ArrayExpression') {
    const all = list(one.elements);
    return typeof key === 'number' ? list([all[key]]) : all;
  }
  const named = list(one.properties).filter((p) => key === undefined || nameOf(p.key) === key);
  return list(named.map((p) => p.value));
}

/** What the return statements of a function return. */
export function* returnsOf(body: Node): Generator<Node> {
  for (const child of childrenOf(body)) {
    if (isFunction(child)) continue;
    if (child.type === 'ReturnStatement') yield* list([child.argument]);
    yield* returnsOf(child);
  }
}

/** What a function gives back. */
export const resultsOf = (body: Node): Node[] =>
  node(body.body)?.type === 'BlockStatement' ? [...returnsOf(body)] : list([body.body]);

/** Whether a pattern gives a name its value. */
export const binds = (pattern: Node, name: string): boolean =>
  pattern.type === 'Identifier'
    ? pattern.name === name
    : pattern.type === 'AssignmentPattern'
      ? binds(node(pattern.left) as Node, name)
      : pattern.type === 'ObjectPattern'
        ? list(pattern.properties).some((p) => binds((node(p.value) ?? node(p.argument)) as Node, name))
        : pattern.type === 'ArrayPattern'
          ? list(pattern.elements).some((p) => binds(p, name))
          : pattern.type === 'RestElement' && binds(node(pattern.argument) as Node, name);

/** An expression without the types said of it. */
export function unwrapped(one: Node | undefined): Node | undefined {
  return one && /^TS(As|Satisfies)Expression$/.test(one.type) ? unwrapped(node(one.expression)) : one;
}
