// Finds, by reading the sources' syntax, every text that the appliance may say to a person: what goes into a Fault, into
// the fields of records that screens show, and into the functions that hand texts on to those. Each becomes the key that
// the tables below renderer/words/appliance have: English with {1}, {2} for what is filled in, {3:is|are} for a choice.
import { sources } from './repository.ts';
import {
  binds,
  fields,
  isFunction,
  list,
  listOf,
  nameOf,
  type Node,
  node,
  parse,
  resultsOf,
  returnsOf,
  type Source,
  untold,
  unwrapped,
} from './syntax.ts';

export interface Saying {
  /** Where it was found first: `engine/jobs/runs.ts:12`. */
  at: string;
  key: string;
}

/** A text in parts: what is said as it stands, what is filled in, and what is one of several. */
type Part = string | { slot: true } | { choice: Text[] };
type Text = Part[];

/** Fields of records whose texts screens show. */
const shown = new Set(['message', 'why', 'reason', 'reasons', 'says', 'wrong', 'remedy', 'phase', 'told']);
/** Values of `why` that are codes; screens have words of their own for them. */
const codes = new Set(['memory', 'timeout', 'killed', 'missing', 'mapping', 'values', 'text', 'copy']);
/** Where screens' words come from; what an assertion says is for us. */
const scope = (file: string) => file !== 'engine/base/assert.ts';
const mostChoices = 16;

/** Everything said in the files of `scope`, by key. */
export function sayings(): Map<string, Saying> {
  const parsed = new Map<string, Source>(
    sources.filter((file) => file.startsWith('engine/')).map((file) => [file, parse(file)]),
  );
  /** Calls by the name of what is called. */
  const calls = new Map<string, Node[]>();
  /** Functions by the name of the property or method that they are. */
  const methods = new Map<string, Node[]>();
  /** What a name of a file is given after its declaration: assigned, or pushed. */
  const given = new Map<string, Node[]>();
  const keep = (kept: Map<string, Node[]>, name: unknown, ...nodes: Node[]) =>
    kept.set(String(name), [...(kept.get(String(name)) ?? []), ...nodes]);
  for (const [file, { nodes }] of parsed) {
    for (const one of nodes) {
      const value = node(one.value);
      const callee = node(one.callee);
      const right = node(one.right);
      if (callee) keep(calls, (callee.type === 'MemberExpression' ? node(callee.property) : callee)?.name, one);
      if (value && isFunction(value)) keep(methods, nameOf(one.key), value);
      if (one.type === 'AssignmentExpression' && right) keep(given, `${file} ${nameOf(one.left)}`, right);
      if (nameOf(callee?.property) === 'push') keep(given, `${file} ${nameOf(callee?.object)}`, ...list(one.arguments));
    }
  }
  const found = new Map<string, Saying>();
  const busy = new Set<Node>();
  const ran = new Map<Node, Node[]>();

  /** What a name stands for: a declarator, a function, a parameter (with its function), or nothing known. */
  function declared(name: string, at: Node): { what: Node; within?: Node } | undefined {
    let inner: Node | undefined = at;
    for (let one = at.parent; one; inner = one, one = one.parent) {
      if (isFunction(one)) {
        const index = list(one.params).findIndex((p) => binds(p, name));
        const parameter = list(one.params)[index];
        if (parameter) return { what: parameter, within: one };
        if (node(one.id)?.name === name && one.type !== 'FunctionDeclaration') return { what: one };
      }
      const body =
        one.type === 'Program' || one.type === 'BlockStatement'
          ? list(one.body)
          : one.type === 'SwitchCase'
            ? list(one.consequent)
            : one.type === 'ForOfStatement' || one.type === 'ForStatement'
              ? list([one.left ?? one.init])
              : [];
      for (const statement of body) {
        const bare = /^Export(Named|Default)Declaration$/.test(statement.type)
          ? node(statement.declaration)
          : statement;
        if (!bare) continue;
        if (bare.type === 'FunctionDeclaration' && node(bare.id)?.name === name) return { what: bare };
        if (bare.type !== 'VariableDeclaration') continue;
        const declarator = list(bare.declarations).find((d) => node(d.id) && binds(node(d.id) as Node, name));
        if (declarator) return { what: declarator };
      }
    }
    void inner;
    return elsewhere(name, at.file ?? '');
  }

  function elsewhere(name: string, file: string): { what: Node } | undefined {
    const source = parsed.get(file);
    const link = source?.imports.get(name) ?? source?.exports.get(name);
    const target = link && parsed.get(link.file);
    if (!target) return undefined;
    for (const statement of list(target.program.body)) {
      const bare = statement.type === 'ExportNamedDeclaration' ? node(statement.declaration) : statement;
      if (bare?.type === 'FunctionDeclaration' && node(bare.id)?.name === link.name) return { what: bare };
      if (bare?.type !== 'VariableDeclaration') continue;
      const declarator = list(bare.declarations).find((d) => node(d.id)?.name === link.name);
      if (declarator) return { what: declarator };
    }
    return elsewhere(link.name, link.file);
  }

  /** The functions that a callee may be, where that can be told. */
  function runs(callee: Node | undefined): Node[] {
    if (!callee) return [];
    const kept = ran.get(callee) ?? runsOf(callee);
    ran.set(callee, kept);
    return kept;
  }

  function runsOf(callee: Node): Node[] {
    const known = values(callee).filter(isFunction);
    if (known.length > 0 || callee.type !== 'MemberExpression') return known;
    const all = methods.get(nameOf(callee.property)) ?? [];
    const near = all.filter((one) => one.file === callee.file);
    return near.length === 1 ? near : all.length === 1 ? all : [];
  }

  /** The objects, lists and functions that an expression may stand for, as far as the sources tell. */
  function values(one: Node | undefined, depth = 0): Node[] {
    if (!one) return [];
    if (one === untold || depth > 8) return [untold];
    const next = (each: unknown) => values(node(each), depth + 1);
    const inner = unwrapped(one) ?? one;
    if (inner !== one) return next(inner);
    if (isFunction(one) || /^(Object|Array)Expression$/.test(one.type)) return [one];
    if (one.type === 'ConditionalExpression') return [...next(one.consequent), ...next(one.alternate)];
    if (one.type === 'LogicalExpression') return [...next(one.left), ...next(one.right)];
    if (one.type === 'ChainExpression') return next(one.expression);
    if (one.type === 'MemberExpression') {
      const key = one.computed ? node(one.property)?.value : node(one.property)?.name;
      return next(one.object)
        .flatMap((object) => fields(object, key))
        .flatMap(next);
    }
    if (one.type === 'CallExpression') {
      const callee = node(one.callee);
      const method = callee?.type === 'MemberExpression' ? nameOf(callee.property) : '';
      const given = list(one.arguments)[0];
      if (node(callee?.object)?.name === 'Object' && method === 'values')
        return next(given)
          .flatMap((object) => fields(object, undefined))
          .map((each) => listOf([each]));
      if (node(callee?.object)?.name === 'Object' && method === 'entries')
        return next(given).map((object) => listOf(fields(object, undefined).map((each) => listOf([each, each]))));
      if (/^(find|at|findLast)$/.test(method))
        return next(callee?.object)
          .flatMap((l) => fields(l, undefined))
          .flatMap(next);
      if (/^(filter|slice|toSorted)$/.test(method)) return next(callee?.object);
      if (depth > 4) return [untold];
      const made = runs(callee).flatMap(resultsOf).flatMap(next);
      return made.length > 0 ? made : [untold];
    }
    if (one.type !== 'Identifier') return one.type === 'Literal' ? [] : [untold];
    const name = String(one.name);
    if (name === 'undefined') return [];
    const place = declared(name, one);
    if (!place) return [untold];
    if (isFunction(place.what)) return [place.what];
    if (place.within || place.what.type !== 'VariableDeclarator') return [untold];
    return initial(place.what, depth + 1)
      .flatMap((each) => within(node(place.what.id), each, name))
      .flatMap(next);
  }

  /** What a declarator begins with: its own value, or each element of what a loop goes through. */
  function initial(declarator: Node, depth: number): Node[] {
    const loop = declarator.parent?.parent;
    if (loop?.type !== 'ForOfStatement' || loop.left !== declarator.parent) return list([declarator.init]);
    return values(node(loop.right), depth).flatMap((each) => fields(each, undefined));
  }

  /** The part of a value that a pattern binds to a name. */
  function within(pattern: Node | undefined, value: Node, name: string): Node[] {
    if (!pattern || !binds(pattern, name)) return [];
    if (pattern.type === 'Identifier') return [value];
    if (pattern.type === 'AssignmentPattern') return within(node(pattern.left), value, name);
    const parts: [Node, unknown][] =
      pattern.type === 'ArrayPattern'
        ? (pattern.elements as (Node | null)[]).flatMap((part, i) => (part ? [[part, i] as [Node, unknown]] : []))
        : list(pattern.properties).map((part) => [node(part.value) as Node, node(part.key)?.name]);
    return parts.flatMap(([part, key]) =>
      part && binds(part, name)
        ? (value === untold ? [untold] : values(value, 3))
            .flatMap((each) => fields(each, key))
            .flatMap((each) => within(part, each, name))
        : [],
    );
  }

  /** All texts that an expression may be; [{slot}] where it cannot be told; `bound` are parameters' expressions. */
  function texts(expression: Node | undefined, bound: Map<Node, Node[]> = new Map()): Text[] {
    const opaque: Text[] = [[{ slot: true }]];
    if (!expression || expression === untold || busy.has(expression) || busy.size > 60) return opaque;
    busy.add(expression);
    try {
      const all = unlike(meant(expression, bound) ?? opaque);
      return all.length > 0 ? all : opaque;
    } finally {
      busy.delete(expression);
    }
  }

  function meant(one: Node, bound: Map<Node, Node[]>): Text[] | undefined {
    switch (one.type) {
      case 'Literal':
        return typeof one.value === 'string' ? [[one.value]] : undefined;
      case 'TemplateLiteral': {
        const text: Text = [];
        list(one.quasis).forEach((quasi, i) => {
          text.push((quasi.value as { cooked: string }).cooked);
          const inner = list(one.expressions)[i];
          if (inner) text.push(...inline(texts(inner, bound), inner));
        });
        return [text];
      }
      case 'BinaryExpression': {
        if (one.operator !== '+') return undefined;
        const sides = [node(one.left), node(one.right)].map((side) => ({ side, all: texts(side, bound) }));
        if (!sides.some(({ all }) => all.some((text) => text.some((part) => typeof part === 'string'))))
          return undefined;
        return [sides.flatMap(({ side, all }) => inline(all, side as Node))];
      }
      case 'ConditionalExpression':
        return [...texts(node(one.consequent), bound), ...texts(node(one.alternate), bound)];
      case 'LogicalExpression':
        return one.operator === '&&'
          ? texts(node(one.right), bound)
          : [...texts(node(one.left), bound), ...texts(node(one.right), bound)];
      case 'TSAsExpression':
      case 'TSNonNullExpression':
      case 'TSSatisfiesExpression':
      case 'ParenthesizedExpression':
      case 'AwaitExpression':
      case 'ChainExpression':
        return texts(node(one.expression) ?? node(one.argument), bound);
      case 'ArrayExpression':
        return list(one.elements).flatMap((element) =>
          texts(element.type === 'SpreadElement' ? node(element.argument) : element, bound),
        );
      case 'Identifier':
        return named(one, bound);
      case 'MemberExpression':
        return member(one, bound);
      case 'CallExpression':
        return called(one, bound);
      default:
        return undefined;
    }
  }

  function named(one: Node, bound: Map<Node, Node[]>): Text[] | undefined {
    const name = String(one.name);
    const place = declared(name, one);
    if (!place) return undefined;
    const { what, within: owner } = place;
    if (owner) {
      const inner = bound.get(what) ?? callers(owner, what, name);
      return inner.length > 0 ? inner.flatMap((each) => texts(each)) : undefined;
    }
    if (what.type !== 'VariableDeclarator') return undefined;
    const loops = what.parent?.parent?.type === 'ForOfStatement';
    if (loops || node(what.id)?.type !== 'Identifier') {
      const parts = initial(what, 0).flatMap((each) => within(node(what.id), each, name));
      return parts.length > 0 ? parts.flatMap((each) => texts(each, bound)) : undefined;
    }
    const init = node(what.init);
    if (init && isFunction(init)) return undefined;
    const all = init ? texts(init, bound) : [];
    if ((what.parent as Node).kind === 'let' || /rray/.test(init?.type ?? '')) {
      const place = node(what.parent?.parent) ?? what;
      for (const each of given.get(`${what.file} ${name}`) ?? [])
        if (each.start >= place.start && each.start < Number(place.end)) all.push(...texts(each, bound));
    }
    return all;
  }

  /** What the callers of a function give for one of its parameters. */
  function callers(within: Node, parameter: Node, name: string): Node[] {
    const index = list(within.params).indexOf(parameter);
    const own = node(within.id)?.name ?? node(within.parent?.id)?.name ?? node(within.parent?.key)?.name;
    if (typeof own !== 'string') return [];
    return (calls.get(own) ?? []).flatMap((call) => {
      if (!runs(node(call.callee)).includes(within)) return [];
      const given = list(call.arguments)[index];
      const pattern = parameter.type === 'AssignmentPattern' ? node(parameter.left) : parameter;
      if (!given) return parameter.type === 'AssignmentPattern' ? list([parameter.right]) : [];
      if (pattern?.type !== 'ObjectPattern') return [given];
      const property = list(given.properties).find((p) => nameOf(p.key) === name);
      return list([property?.value]);
    });
  }

  function member(one: Node, bound: Map<Node, Node[]>): Text[] | undefined {
    const key = one.computed ? node(one.property)?.value : node(one.property)?.name;
    const found = values(node(one.object)).flatMap((object) => fields(object, key));
    return found.some((each) => each !== untold) ? found.flatMap((each) => texts(each, bound)) : undefined;
  }

  function called(one: Node, bound: Map<Node, Node[]>): Text[] | undefined {
    const callee = node(one.callee);
    const method = callee?.type === 'MemberExpression' ? nameOf(callee.property) : undefined;
    const object = node(callee?.object);
    if (method === 'join' && object) {
      for (const text of texts(object, bound)) note(text, one);
      return undefined;
    }
    if (method !== undefined && /^(map|flatMap)$/.test(method)) {
      const [callback] = list(one.arguments);
      return callback && isFunction(callback) ? returned(callback, new Map()) : undefined;
    }
    if (method !== undefined && /^(filter|slice|trim|trimEnd|sort|toSorted|at|concat|flat|find)$/.test(method))
      return [
        ...texts(object, bound),
        ...(method === 'concat' ? list(one.arguments).flatMap((a) => texts(a, bound)) : []),
      ];
    const args = list(one.arguments);
    const all = runs(callee).flatMap((body) => {
      const inner = new Map<Node, Node[]>();
      list(body.params).forEach((parameter, i) => {
        const given = args[i];
        if (!given || parameter.type !== 'Identifier') return;
        const outer = given.type === 'Identifier' ? declared(String(given.name), given)?.what : undefined;
        inner.set(parameter, (outer && bound.get(outer)) ?? [given]);
      });
      return returned(body, inner) ?? [];
    });
    return all.length > 0 ? all : undefined;
  }

  function returned(body: Node, bound: Map<Node, Node[]>): Text[] | undefined {
    const all = resultsOf(body).flatMap((each) => texts(each, bound));
    return all.length > 0 ? all : undefined;
  }

  /** One text as it is; a few short ones as a choice; else a slot, each of them a saying of its own. */
  function inline(all: Text[], at: Node): Text {
    const [only] = all;
    if (all.length === 1 && only) return only;
    const spoken = all.filter((text) => text.some((part) => typeof part !== 'string' || part !== ''));
    const hollow = all.some((text) => text.length === 1 && typeof text[0] !== 'string' && text[0] && 'slot' in text[0]);
    const length = all.map((text) => keyOf(text).length).reduce((a, b) => a + b, 0);
    if (all.every(isName)) return [{ slot: true }];
    if (!hollow && all.length <= mostChoices && length <= 400) return [{ choice: all }];
    for (const text of spoken) if (/\s/.test(keyOf(text).trim())) note(text, at);
    return [{ slot: true }];
  }

  function note(text: Text, at: Node): void {
    const key = keyOf(text).trim();
    if (!/\p{L}{2}/u.test(key.replace(/\{\d+\}/g, '')) || isName([key])) return;
    if (codes.has(key)) return;
    if (!/\s/.test(key) && nameOf(at.parent?.key) !== 'phase' && nameOf(at.parent?.key) !== 'why') return;
    const line = (parsed.get(at.file ?? '')?.text ?? '').slice(0, at.start).split('\n').length;
    if (!found.has(key)) found.set(key, { key, at: `${at.file}:${line}` });
  }

  for (const [file, { nodes }] of parsed) {
    if (!scope(file)) continue;
    for (const one of nodes) {
      for (const said of spokenBy(one)) for (const text of texts(said)) note(text, said);
    }
  }
  return found;
}

/** The expressions of a node that a person may read. */
function spokenBy(one: Node): Node[] {
  if (one.type === 'NewExpression' && node(one.callee)?.name === 'Fault') return list([list(one.arguments)[1]]);
  if (one.type === 'Property' && one.parent?.type === 'ObjectExpression' && shown.has(nameOf(one.key)))
    return describesFamily(one) ? [] : list([one.value]);
  if (one.type === 'AssignmentExpression' && shown.has(nameOf(node(one.left)?.property))) return list([one.right]);
  if (one.type === 'FunctionDeclaration' && /^why[A-Z]/.test(nameOf(one.id))) return [...returnsOf(one)];
  if (one.type === 'ArrayExpression' && list(one.elements).some((each) => shown.has(nameOf(each.argument))))
    return [one];
  const init = node(one.init);
  if (one.type === 'VariableDeclarator' && init && shown.has(nameOf(one.id)))
    return isFunction(init) ? resultsOf(init) : init.type === 'ArrayExpression' ? [init] : [];
  const callee = node(one.callee);
  const onto = node(callee?.object);
  if (nameOf(callee?.property) === 'fail') return list(one.arguments).slice(0, 1);
  if (nameOf(callee?.property) === 'push' && shown.has(String(onto?.name ?? node(onto?.property)?.name)))
    return list(one.arguments);
  return [];
}

/** What families and their settings are is listed by the command line alone. */
const describesFamily = (one: Node): boolean =>
  nameOf(one.key) === 'says' && /^engine\/(models|classic)\//.test(one.file ?? '');

/** Whether a text is what a thing is called in files and code, which no language translates. */
function isName(text: Text): boolean {
  const key = keyOf(text);
  return key.trim() === '' ? key === '' : /^\S+$/.test(key) && /[A-Z\d_.[\]/{-]/.test(key);
}

function unlike(all: Text[]): Text[] {
  const seen = new Map(all.map((text) => [keyOf(text), text]));
  return [...seen.values()];
}

/** `{1} row{2:|s}`: slots and choices numbered in their order. */
export function keyOf(text: Text): string {
  let count = 0;
  const write = (parts: Text): string =>
    parts
      .map((part) => {
        if (typeof part === 'string') return part;
        count += 1;
        const number = count;
        return 'slot' in part ? `{${number}}` : `{${number}:${part.choice.map(write).join('|')}}`;
      })
      .join('');
  return write(text);
}
