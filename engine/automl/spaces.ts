// What a search tries: for each family the starting points that did well elsewhere, and the space that proposals are drawn from.
import { classicFamilies } from '../classic/index.ts';
import type { Hyper } from '../schema/index.ts';
import type { Field } from './field.ts';
import type { FitJob } from './learner.ts';

export type SearchFamily = FitJob['family'];

/** One axis of a space; `when` says for which values of another axis it means anything. */
export type Dimension = (
  | { kind: 'integer' | 'number'; range: readonly [number, number]; log?: boolean }
  | { kind: 'choice'; choices: readonly (string | number)[] }
) & { when?: { name: string; is: string | number } };

export interface Space {
  family: SearchFamily;
  /** From the first to try on. */
  starts: readonly Hyper[];
  dimensions: Readonly<Record<string, Dimension>>;
  suits(field: Field): boolean;
}

/** Differences that asking all neighbours may take: some seconds. */
const mostDistances = 4e9;

const isTable = ({ rows }: Field) => rows.denseWidth + rows.embeddedSizes.length > 0;
/** Rows from which trees are held to be fewer and coarser: whole ones would take megabytes and seconds. */
const manyRows = 5000;

/** Spaces that suit the rows, in the order in which first starting points are tried. */
export function spacesFor(field: Field): Space[] {
  const isLarge = field.rows.rows > manyRows;
  const quick: readonly SearchFamily[] = ['smoothing', 'seasonal-naive'];
  const usual: readonly SearchFamily[] = isLarge ? ['boosting', 'glm'] : ['glm', 'naive-bayes', 'knn', 'extra-trees'];
  const first = [...quick, ...usual];
  const rank = ({ family }: Space) => (first.includes(family) ? first.indexOf(family) : first.length);
  // Windows overlap: rows of a series say less than their number.
  return [...tables, ...forests(isLarge || field.series !== undefined)]
    .filter((space) => space.suits(field))
    .sort((a, b) => rank(a) - rank(b));
}

/** Forests and extra trees. */
function forests(isLarge: boolean): Space[] {
  const trees = isLarge ? 100 : 300;
  const dimensions = {
    trees: { kind: 'choice', choices: [trees] },
    columns: { kind: 'number', range: [0.05, 0.9], log: true },
    leaf: { kind: 'integer', range: isLarge ? [3, 30] : [1, 20], log: true },
  } as const satisfies Record<string, Dimension>;
  const starts: Hyper[] = isLarge
    ? [
        { trees, leaf: 4 },
        { trees, leaf: 8, columns: 0.6 },
      ]
    : [{}, { leaf: 3, columns: 0.6 }];
  return [
    { family: 'extra-trees', starts, dimensions, suits: isTable },
    { family: 'forest', starts, dimensions, suits: (field) => isTable(field) && field.rows.rows <= 100_000 },
  ];
}

const tables: readonly Space[] = [
  {
    family: 'glm',
    starts: [{}, { c: 0.1 }, { c: 0.02 }, { c: 10 }],
    dimensions: {
      loss: { kind: 'choice', choices: ['auto', 'logistic', 'svm'] },
      c: { kind: 'number', range: [1e-3, 100], log: true },
    },
    suits: ({ rows }) => classicFamilies.glm.suits(rows),
  },
  {
    family: 'naive-bayes',
    starts: [{}, { smoothing: 0.05 }],
    dimensions: {
      smoothing: { kind: 'number', range: [0.01, 3], log: true },
      spread: { kind: 'number', range: [1e-4, 0.5], log: true },
    },
    suits: ({ rows }) => classicFamilies['naive-bayes'].suits(rows),
  },
  {
    family: 'knn',
    starts: [{}, { neighbours: 15 }],
    dimensions: {
      neighbours: { kind: 'integer', range: [1, 60], log: true },
      weights: { kind: 'choice', choices: ['uniform', 'distance'] },
    },
    suits: ({ rows }) =>
      classicFamilies.knn.suits(rows) && rows.text.length === 0 && rows.rows ** 2 * rows.denseWidth <= mostDistances,
  },
  {
    family: 'boosting',
    starts: [
      {},
      { rate: 0.05, leaves: 15, columns: 0.6, subsample: 0.8 },
      { rate: 0.05, growth: 'level', depth: 3, leaves: 8, columns: 0.5, subsample: 0.8, weight: 3 },
      { rate: 0.04, leaves: 63, columns: 0.4, subsample: 0.7, lambda: 5 },
    ],
    dimensions: {
      rate: { kind: 'number', range: [0.02, 0.2], log: true },
      growth: { kind: 'choice', choices: ['leaf', 'level'] },
      leaves: { kind: 'integer', range: [4, 128], log: true },
      depth: { kind: 'integer', range: [2, 8], when: { name: 'growth', is: 'level' } },
      columns: { kind: 'number', range: [0.2, 1] },
      subsample: { kind: 'number', range: [0.5, 1] },
      lambda: { kind: 'number', range: [0.01, 30], log: true },
      weight: { kind: 'number', range: [0.1, 30], log: true },
    },
    suits: ({ rows }) => classicFamilies.boosting.suits(rows),
  },
  {
    family: 'smoothing',
    starts: [{}, { best: 3 }],
    dimensions: { best: { kind: 'integer', range: [1, 6] } },
    suits: ({ rows }) => classicFamilies.smoothing.suits(rows),
  },
  {
    family: 'seasonal-naive',
    starts: [{}],
    dimensions: {},
    suits: ({ rows }) => classicFamilies['seasonal-naive'].suits(rows),
  },
  {
    family: 'mlp',
    starts: [
      { hidden: [128, 64], dropout: 0.2 },
      { hidden: [64], dropout: 0.1 },
    ],
    dimensions: { dropout: { kind: 'number', range: [0, 0.5] } },
    suits: ({ rows }) => isStrictlyTable(rows) && rows.rows <= 20_000,
  },
];

function isStrictlyTable({ denseWidth, embeddedSizes, text }: Field['rows']): boolean {
  return text.length === 0 && denseWidth + embeddedSizes.length > 0 && denseWidth <= 1000;
}
