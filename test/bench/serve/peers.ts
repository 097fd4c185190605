// The servers that ours is measured beside: processes that take a port as their last argument and answer `POST /predict`.
import { spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';

export interface Peer {
  pid: number;
  url: string;
  stop(): void;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Starts one and waits until it answers. */
export async function startPeer(command: string, args: readonly string[]): Promise<Peer> {
  const port = await freePort();
  const child = spawn(command, [...args, String(port)], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (let i = 0; i < 300; i++) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up) {
      return {
        pid: child.pid as number,
        url: `http://127.0.0.1:${port}/predict`,
        stop: () => void child.kill('SIGKILL'),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${command} did not start`);
}
