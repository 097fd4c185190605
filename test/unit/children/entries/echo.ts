// A child for tests: it does what its messages ask, over the same link as the real ones.
import { openParentLink } from '../../../../engine/children/link.ts';

interface Ask {
  type: 'echo' | 'env' | 'grow' | 'leave' | 'read' | 'print' | 'spin';
  value?: unknown;
}

const link = openParentLink<'importer'>();
const say = (value: unknown) => link.send(value as never);
const held: Uint8Array[] = [];

link.onMessage((message) => {
  const ask = message as unknown as Ask;
  if (ask.type === 'echo') void say(ask.value);
  if (ask.type === 'env') void say(Object.keys(process.env));
  if (ask.type === 'print') process.stderr.write(String(ask.value), () => void say('printed'));
  if (ask.type === 'grow') setInterval(() => held.push(new Uint8Array(16 * 1024 * 1024).fill(held.length + 1)), 5);
  // The last iteration never comes.
  if (ask.type === 'spin') for (let i = 0; i < Number.POSITIVE_INFINITY; i++) held.length = 0;
  if (ask.type === 'leave') {
    for (let i = 0; i < 100; i++) void say(i);
    void link.exit(7);
  }
  if (ask.type === 'read') {
    let bytes = 0;
    process.stdin.on('data', (chunk) => (bytes += chunk.length));
    process.stdin.on('end', () => void say(bytes));
  }
});
void say('up');
