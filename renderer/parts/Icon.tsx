// The app's own line icons, 16 × 16 with a 1.5 stroke. Decorative: whoever uses one alone gives the label.

const paths = {
  home: 'M2.5 7.5 8 3l5.500 4.500M4 6.500V13h8V6.500',
  datasets: 'M2.500 4.500h11M2.500 8h11M2.500 11.500h11M6 2.500v11',
  train: 'M2.500 13c1.500-6 3-9 4.500-9s1.500 6 3 6 2-2 3.500-3.500',
  runs: 'M2.500 3v10.500h11M4.500 5c1 4.500 3 5.500 8.500 6',
  models: 'M8 2.500 13 5v6l-5 2.500L3 11V5zM3 5l5 2.500L13 5M8 7.500v6',
  deployments: 'M8 13V7M5.500 9.500a3.500 3.500 0 1 1 5 0M3.500 11.500a6.300 6.300 0 1 1 9 0',
  room: 'M8 6a1.800 1.800 0 1 0 0-3.600A1.800 1.800 0 0 0 8 6zM3.800 13.600a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600zM12.200 13.600a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600zM7.200 5.800 4.600 10.200M8.800 5.800l2.600 4.400M5.600 11.800h4.800',
  keys: 'M9.500 6.500a3 3 0 1 1 0 .01zM7.500 8.500 2.500 13.500M4.500 11.500l1.500 1.500',
  upload: 'M8 10.500v-8M5 5.500l3-3 3 3M2.500 10.500v3h11v-3',
  download: 'M8 2.500v8M5 7.500l3 3 3-3M2.500 10.500v3h11v-3',
  trash: 'M3 4.500h10M6 4.500v-2h4v2M4.500 4.500l.5 9h6l.5-9',
  stop: 'M4 4h8v8H4z',
  play: 'M5 3.500v9l7-4.500z',
  check: 'M3 8.500 6.500 12 13 4.500',
  warning: 'M8 2.500 14 13H2zM8 6.500v3M8 11.200v.1',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  more: 'M3.500 8h.01M8 8h.01M12.500 8h.01',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM10.500 10.500 13.500 13.500',
  copy: 'M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3',
  right: 'M6 3.500 10.500 8 6 12.500',
  down: 'M3.500 6 8 10.500 12.500 6',
  back: 'M10 3.500 5.500 8l4.500 4.500',
  up: 'M8 13V3M4 7l4-4 4 4',
  fall: 'M8 3v10M4 9l4 4 4-4',
  sun: 'M8 10.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600zM8 1.800v1M8 13.200v1M1.800 8h1M13.200 8h1M3.600 3.600l.7.7M11.700 11.700l.7.7M3.600 12.400l.7-.7M11.700 4.300l.7-.7',
  moon: 'M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500z',
  half: 'M8 13.500a5.500 5.500 0 1 0 0-11zM8 2.500a5.500 5.500 0 1 0 0 11z',
  language:
    'M2.500 8h11M8 2.500c4 3.500 4 7.500 0 11-4-3.500-4-7.500 0-11zM8 13.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11z',
  person: 'M8 8a2.700 2.700 0 1 0 0-5.400A2.700 2.700 0 0 0 8 8zM3 13.500c.5-3 2.500-4 5-4s4.500 1 5 4',
  rollback: 'M5.500 3 2.500 6l3 3M2.500 6h7a4 4 0 0 1 0 8h-3',
  shield: 'M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4zM5.800 8l1.600 1.600 3-3.200',
  number: 'M6 3 5 13M11 3l-1 10M3 6h10.500M2.500 10H13',
  category: 'M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9z',
  text: 'M3 4h10M3 7h10M3 10h10M3 13h6',
  boolean:
    'M5.500 4.500h5a3.500 3.500 0 0 1 0 7h-5a3.500 3.500 0 0 1 0-7zM10.500 9.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3z',
  date: 'M3 4h10v9.500H3zM3 7h10M5.500 2.500V5M10.500 2.500V5',
  image: 'M2.500 3.500h11v9h-11zM2.500 11l3.500-3.500 3 3 1.500-1.500 3 3M10.500 6.200v.1',
  audio: 'M2.500 7v2M5 5v6M7.500 3v10M10 5.500v5M12.500 7v2',
  identifier: 'M3 3v10M5.500 3v10M7 3v10M9.500 3v10M11 3v10M13 3v10',
} as const;

export type IconName = keyof typeof paths;

/** One line icon in the colour of the text around it. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.2 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      className="icon"
    >
      <path d={paths[name]} />
    </svg>
  );
}
