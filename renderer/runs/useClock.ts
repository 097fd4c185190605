// The time, again every so often while something is running.
import { useEffect, useState } from 'react';

/** Milliseconds since 1970; renders again every `every` ms while `on`. */
export function useClock(on: boolean, every = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [on, every]);
  return now;
}
