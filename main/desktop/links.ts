// What the system hands over: `neutrino://` links, and `.neutrino` files that were opened with this app. Only addresses of the
// app's own screens are followed.
import { extname, isAbsolute } from 'node:path';

/** The scheme of deep links. */
export const scheme = 'neutrino';
const screens = new Set(['datasets', 'runs', 'models', 'deployments', 'room', 'alerts', 'keys', 'settings', 'compare']);

/** `neutrino://runs/run_1` as the page's address `#/runs/run_1`; undefined for anything else. */
export function screenOf(link: string): string | undefined {
  if (!URL.canParse(link)) return undefined;
  const { protocol, host, pathname } = new URL(link);
  if (protocol !== `${scheme}:` || !screens.has(host) || !/^[\w\-./,@%]*$/.test(pathname)) return undefined;
  return `#/${host}${pathname === '/' ? '' : pathname}`;
}

/** The first bundle or link among the arguments of a start. */
export function handedOver(args: string[]): { screen?: string; bundle?: string } {
  for (const arg of args) {
    const screen = screenOf(arg);
    if (screen) return { screen };
    if (extname(arg).toLowerCase() === '.neutrino' && isAbsolute(arg)) return { bundle: arg };
  }
  return {};
}
