// The mark of Neutrino: three flavours that oscillate into one another (a real three-flavour survival curve, not decor
// drawn by hand). Used as logo and behind the log-in form; carries no information.

const pi = Math.PI;

/** Survival and appearance probabilities against L/E, two mass splittings, mixing angles near the measured ones. */
function flavours(x: number): [number, number, number] {
  const slow = Math.sin((x * pi) / 2) ** 2;
  const fast = Math.sin(x * pi * 3) ** 2;
  const muon = 0.42 * slow + 0.05 * fast;
  const tau = 0.4 * slow * (1 - 0.55 * fast) + 0.05 * fast;
  return [1 - muon - tau, muon, tau];
}

function path(flavour: 0 | 1 | 2, width: number, height: number, periods: number): string {
  const steps = Math.round(width / 3);
  let text = '';
  for (let index = 0; index <= steps; index += 1) {
    const share = index / steps;
    const y = height * (1 - flavours(share * periods)[flavour] * 0.94 - 0.03);
    text += `${index === 0 ? 'M' : 'L'}${(share * width).toFixed(1)} ${y.toFixed(1)}`;
  }
  return text;
}

/** The large drawing of the log-in page. */
export function Waves({ width, height }: { width: number; height: number }) {
  return (
    <svg aria-hidden="true" className="waves" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
      <path d={path(0, width, height, 3.2)} stroke="var(--train)" />
      <path d={path(1, width, height, 3.2)} stroke="var(--val)" strokeDasharray="7 5" />
      <path d={path(2, width, height, 3.2)} stroke="var(--third)" strokeDasharray="1.5 5" />
    </svg>
  );
}

/** The small mark beside the name. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      strokeWidth="2"
      strokeLinecap="round"
    >
      <path d="M2 12c3.300-11 6.700-11 10 0s6.700 11 10 0" stroke="var(--train)" />
      <path d="M2 12c3.300 6 6.700 6 10 0s6.700-6 10 0" stroke="var(--val)" />
    </svg>
  );
}
