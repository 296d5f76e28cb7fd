/**
 * How often the intervals and verdicts of `mosaic compare` are right, by simulation with a fixed seed. Prints the tables
 * of docs/compare.md, and the last one of docs/plots.md. Takes a few minutes; an argument divides the number of trials: `node bench/calibration.ts 10`.
 */

const divisor = Number(process.argv[2] ?? 1);
const trials = Math.round(10_000 / divisor);
const sizes = [3, 5, 10, 30];
const models = 6;

const normal = (random: Random) => normalQuantile((random() + 2 ** -33) / (1 + 2 ** -32), 0, 1);

interface Distribution {
  readonly name: string;
  /** A result with the mean 0. */
  readonly draw: (random: Random) => number;
  /** The other model's result; without it, the same distribution. */
  readonly drawOther?: (random: Random) => number;
}

const lognormal = (random: Random) => Math.exp(normal(random)) - Math.exp(0.5);
const distributions: readonly Distribution[] = [
  { name: "normal", draw: normal },
  {
    name: "heavy-tailed (Student, 3 degrees of freedom)",
    draw: (random) => normal(random) / Math.sqrt((normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2) / 3),
  },
  { name: "skewed (lognormal)", draw: lognormal },
  { name: "coarse (accuracy on 40 samples, 95 % right)", draw: (random) => binomial(random, 40, 0.95) / 40 - 0.95 },
  { name: "equal means, one skewed, one normal", draw: lognormal, drawOther: normal },
];

function binomial(random: Random, n: number, p: number): number {
  let count = 0;
  for (let trial = 0; trial < n; trial++) if (random() < p) count++;
  return count;
}

const many = (n: number, draw: () => number) => Array.from({ length: n }, draw);
const holdsZero = (interval: Interval | undefined) => interval !== undefined && interval.low <= 0 && interval.high >= 0;
/** No region of practical equivalence: with one, wrong verdicts are rarer. */
const decideAll = (pairs: readonly (readonly number[])[], correlation = 0) =>
  decide(pairs.map((advantages) => chancesOf(advantages, 0, { correlation, isFixed: false })));
const isDecided = (pairs: readonly (readonly number[])[], correlation = 0) =>
  decideAll(pairs, correlation).some(({ verdict }) => verdict === "better" || verdict === "worse");
const percent = (count: number, of: number) => `${((100 * count) / of).toFixed(1)} %`;

function countTrials(count: number, isHit: () => boolean): string {
  let hits = 0;
  for (let trial = 0; trial < count; trial++) if (isHit()) hits++;
  return percent(hits, count);
}

function printTable(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  console.log(`\n${title}\n`);
  console.log(
    [line(header), line(header.map((_, index) => (index === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n"),
  );
}

const header = ["results", ...sizes.map((n) => `n = ${n}`)];
const table = (
  title: string,
  cell: (distribution: Distribution, n: number, random: Random) => string,
  chosen: readonly Distribution[] = distributions,
) =>
  printTable(
    title,
    header,
    chosen.map((distribution) => [
      distribution.name,
      ...sizes.map((n) => cell(distribution, n, seededRandom(100 + n))),
    ]),
  );

table("95 % interval of the difference of two equal models holds 0", ({ draw, drawOther = draw }, n, random) =>
  countTrials(trials, () => holdsZero(meanInterval(many(n, () => draw(random) - drawOther(random))))),
);
table(
  "95 % interval of a model's mean holds it",
  ({ draw }, n, random) => countTrials(trials, () => holdsZero(meanInterval(many(n, () => draw(random))))),
  distributions.filter(({ drawOther }) => drawOther === undefined),
);

const drawPair = ({ draw, drawOther = draw }: Distribution, n: number, random: Random) =>
  many(n, () => draw(random) - drawOther(random));

table("two equal models, called better or worse", (distribution, n, random) =>
  countTrials(10 * trials, () => isDecided([drawPair(distribution, n, random)])),
);

const families = 2 * trials;
const drawFamily = ({ draw, drawOther = draw }: Distribution, n: number, random: Random) => {
  const results = many(models, () => 0).map((_, model) => many(n, () => (model % 2 === 0 ? draw : drawOther)(random)));
  return results.flatMap((a, index) => results.slice(index + 1).map((b) => a.map((value, k) => value - (b[k] ?? 0))));
};
table(`${models} equal models, any of the 15 pairs called better or worse`, (distribution, n, random) =>
  countTrials(families, () => isDecided(drawFamily(distribution, n, random))),
);
table(`the same without Holm's correction`, (distribution, n, random) =>
  countTrials(families, () => drawFamily(distribution, n, random).some((pair) => isDecided([pair]))),
);

printTable(
  "two equal models under cross-validation, results of all folds correlated by 1/k",
  ["k", "called better or worse", "if the correlation were ignored"],
  [5, 10].map((k) => {
    const drawFolds = (random: Random) => {
      const shared = Math.sqrt(1 / k) * normal(random);
      return many(k, () => shared + Math.sqrt(1 - 1 / k) * normal(random));
    };
    const rate = (correlation: number) => {
      const random = seededRandom(k);
      return countTrials(10 * trials, () => isDecided([drawFolds(random)], correlation));
    };
    return [String(k), rate(1 / k), rate(0)];
  }),
);

printTable(
  "as many repetitions added as `compare` said after 5 that were undecided",
  ["true difference, in standard deviations", "undecided after 5", "median said in all", "then decided", "rightly"],
  [0, 0.5, 1, 1.5, 2].map((effect) => {
    const random = seededRandom(7);
    const counts = { undecided: 0, decided: 0, right: 0 };
    const plans: number[] = [];
    const pilots = Math.round(trials / 5);
    for (let trial = 0; trial < pilots; trial++) {
      // Normal differences with the standard deviation 1.
      const differences = many(5, () => normal(random) + effect);
      const [pilot] = decideAll([differences]);
      if (pilot?.verdict !== "undecided") continue;
      counts.undecided++;
      const plan = repetitionsNeeded(differences, 0);
      plans.push(plan ?? Infinity);
      const needed = Math.min(plan ?? Infinity, 1000);
      const all = [...differences, ...many(needed - 5, () => normal(random) + effect)];
      const [judged] = decideAll([all]);
      if (judged?.verdict === "better" || judged?.verdict === "worse") counts.decided++;
      if (judged?.verdict === "better") counts.right++;
    }
    const median = plans.sort((one, other) => one - other)[Math.floor(plans.length / 2)] ?? Number.NaN;
    return [
      String(effect),
      percent(counts.undecided, pilots),
      median === Infinity ? "over 10,000" : String(median),
      percent(counts.decided, counts.undecided),
      percent(counts.right, counts.undecided),
    ];
  }),
);

printTable(
  "95 % jackknife interval of the importance of an option holds the truth: 3 x 4 pipelines, additive effects",
  ["n", "chance in the variance of the means", "alone", "with interactions"],
  [3, 5, 10].flatMap((n) =>
    [0.2, 1].map((noise) => {
      const random = seededRandom(20 + n);
      // Levels 0, 1, 2 of one option, 0 to 3 of the other, which counts half.
      const [own, other] = [2 / 3, 0.25 * 1.25];
      const truth = own / (own + other);
      const held = { alone: 0, total: 0 };
      for (let trial = 0; trial < trials / 5; trial++) {
        const pipelines = [0, 1, 2].flatMap((a) =>
          [0, 1, 2, 3].map((b) => ({
            point: [a, b],
            results: new Map(many(n, () => a + b / 2 + noise * normal(random)).map((value, k) => [String(k), value])),
          })),
        );
        const grid = [3, 4].map((levelCount) => ({ levelCount, isOrdered: true }));
        const found = optionImportance(grid, pipelines)?.options[0];
        const holds = (interval: Interval | null | undefined) =>
          interval !== null && interval !== undefined && interval.low <= truth && interval.high >= truth;
        if (holds(found?.aloneInterval)) held.alone++;
        if (holds(found?.totalInterval)) held.total++;
      }
      const chance = noise ** 2 / n;
      return [
        String(n),
        percent(chance, chance + own + other),
        percent(held.alone, trials / 5),
        percent(held.total, trials / 5),
      ];
    }),
  ),
);

import {
  chancesOf,
  decide,
  type Interval,
  meanInterval,
  normalQuantile,
  optionImportance,
  type Random,
  repetitionsNeeded,
  seededRandom,
} from "@ml-mosaic/statistics";
