// Where the window was: kept in one small file, and put back only where a screen still is.
import { readFileSync, writeFileSync } from 'node:fs';

export interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface WindowState {
  bounds?: Bounds;
  maximized: boolean;
}

/** The state as it was saved; anything unreadable counts as none, and bounds off all screens are dropped. */
export function readWindow(file: string, screens: Bounds[]): WindowState {
  try {
    const { bounds, maximized } = JSON.parse(readFileSync(file, 'utf8')) as Partial<WindowState>;
    const numbers = bounds && [bounds.x, bounds.y, bounds.width, bounds.height].every(Number.isFinite);
    const seen = numbers && screens.some((screen) => overlap(bounds, screen) >= 100 * 100);
    return { maximized: maximized === true, ...(seen ? { bounds } : {}) };
  } catch {
    return { maximized: false };
  }
}

export function saveWindow(file: string, state: WindowState): void {
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
}

/** What this desktop was told to do otherwise than usual. */
interface Choices {
  /** The port for other machines stays closed. */
  roomClosed: boolean;
}

/** The choices as they were saved; anything unreadable counts as none. */
export function readChoices(file: string): Choices {
  try {
    return { roomClosed: (JSON.parse(readFileSync(file, 'utf8')) as Partial<Choices>).roomClosed === true };
  } catch {
    return { roomClosed: false };
  }
}

export function saveChoices(file: string, choices: Choices): void {
  writeFileSync(file, JSON.stringify(choices), { mode: 0o600 });
}

/** Pixels that two rectangles share. */
function overlap(a: Bounds, b: Bounds): number {
  const side = (from: number, length: number, other: number, otherLength: number): number =>
    Math.max(0, Math.min(from + length, other + otherLength) - Math.max(from, other));
  return side(a.x, a.width, b.x, b.width) * side(a.y, a.height, b.y, b.height);
}
