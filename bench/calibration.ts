/**
 * How often the intervals, verdicts and plans of `mosaic compare` are right, by simulation with a fixed seed. Prints the tables
 * of docs/compare.md, and the last one of docs/plots.md. Takes some ten minutes; an argument divides the number of trials:
 * `node bench/calibration.ts 10`, a second one names the tables to print: `node bench/calibration.ts 10 plan`.
 */
import {
  anytimeEvidence,
  comparePair,
  type Evidence,
  foldsEvidence,
  type Interval,
  judge,
  meanInterval,
  normalQuantile,
  optionImportance,
  type PairSettings,
  planFor,
  type Random,
  seededRandom,
  signFlipEvidence,
} from "@ml-mosaic/statistics";

const divisor = Number(process.argv[2] ?? 1);
const wanted = process.argv[3];
const trials = Math.round(10_000 / divisor);
const sizes = [2, 3, 5, 6, 10, 20, 50];

const normal = (random: Random) => normalQuantile((random() + 2 ** -33) / (1 + 2 ** -32), 0, 1);
const student3 = (random: Random) =>
  normal(random) / Math.sqrt((normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2) / 3);
const lognormal = (random: Random, sigma = 1) => Math.exp(sigma * normal(random) - sigma ** 2 / 2);
const twoPeaks = (random: Random) => (random() < 0.5 ? -3 : 3) + 0.3 * normal(random);

/** Draws the results of two models on one repetition. */
interface Law {
  readonly name: string;
  readonly draw: (random: Random) => readonly [number, number];
}

const same = (name: string, one: (random: Random) => number): Law => ({
  name,
  draw: (random) => [one(random), one(random)],
});
const correlated = (rho: number): Law => ({
  name: `normal, correlation ${rho}`,
  draw: (random) => {
    const a = normal(random);
    return [a, rho * a + Math.sqrt(1 - rho ** 2) * normal(random)];
  },
});

/** The differences are symmetric about 0: what the verdicts promise to hold. */
const symmetric: readonly Law[] = [
  same("normal", normal),
  same("heavy-tailed (Student, 3 degrees of freedom)", student3),
  same("skewed (lognormal)", lognormal),
  same("two peaks", twoPeaks),
  same("coarse (accuracy on 40 samples, 95 % right)", (random) => binomial(random, 40, 0.95) / 40),
  { name: "normal, spread 1 and 0.2", draw: (random) => [normal(random), 0.2 * normal(random)] },
  { name: "Student 3, spread 1 and 0.2", draw: (random) => [student3(random), 0.2 * student3(random)] },
  { name: "lognormal on the log scale, sigma 1 and 0.3", draw: (random) => [normal(random), 0.3 * normal(random)] },
  correlated(-0.9),
  correlated(0.5),
  correlated(0.95),
];
/** Means are equal and the differences are skewed: no method can hold these (Bahadur and Savage 1956). */
const impossible: readonly Law[] = [
  { name: "equal means, lognormal sigma 1 against 0.3", draw: (random) => [lognormal(random), lognormal(random, 0.3)] },
  { name: "equal means, one skewed, one normal", draw: (random) => [lognormal(random), 1 + normal(random)] },
  {
    name: "equal means, 0.50 against 0.30 with 10 % at 2.3",
    draw: (random) => [0.5 + 0.02 * normal(random), (random() < 0.1 ? 2.3 : 0.3) + 0.02 * normal(random)],
  },
];

function binomial(random: Random, n: number, p: number): number {
  let count = 0;
  for (let trial = 0; trial < n; trial++) if (random() < p) count++;
  return count;
}

const many = <T>(n: number, draw: () => T): T[] => Array.from({ length: n }, draw);
const percent = (count: number, of: number) => (of === 0 ? "-" : `${((100 * count) / of).toFixed(1)} %`);
/** No region of practical equivalence: with one, wrong verdicts are rarer. */
const settings: PairSettings = { direction: "lower", rope: () => 0, correlation: 0, isFixed: false, isPlanned: true };
const anytime: PairSettings = { ...settings, isPlanned: false };

interface Sample {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

function drawSample({ draw }: Law, n: number, random: Random): Sample {
  const rows = many(n, () => draw(random));
  return { a: rows.map(([a]) => a), b: rows.map(([, b]) => b) };
}

const verdictsOn = (samples: readonly Sample[], how: PairSettings) =>
  judge(
    samples.map((sample) => comparePair(sample, how)),
    how.direction,
  );
const isDecided = (samples: readonly Sample[], how: PairSettings) =>
  verdictsOn(samples, how).some(({ verdict }) => verdict === "better" || verdict === "worse");

function countTrials(count: number, isHit: () => boolean): string {
  let hits = 0;
  for (let trial = 0; trial < count; trial++) if (isHit()) hits++;
  return percent(hits, count);
}

function printTable(
  name: string,
  title: string,
  header: readonly string[],
  rows: () => readonly (readonly string[])[],
): void {
  if (wanted !== undefined && !name.startsWith(wanted)) return;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  console.log(`\n**${title}** (${name})\n`);
  console.log(
    [line(header), line(header.map((_, index) => (index === 0 ? "---" : "--:"))), ...rows().map(line)].join("\n"),
  );
}

function printBySize(
  name: string,
  title: string,
  laws: readonly Law[],
  cell: (law: Law, n: number, random: Random) => string,
) {
  printTable(name, title, ["results", ...sizes.map((n) => `n = ${n}`)], () =>
    laws.map((law) => [law.name, ...sizes.map((n) => cell(law, n, seededRandom(100 + n)))]),
  );
}

const wrongPair = (law: Law, n: number, random: Random) =>
  countTrials(trials, () => isDecided([drawSample(law, n, random)], settings));
printBySize("pair", "Two equal models, a planned number n: called better or worse", symmetric, wrongPair);
printBySize("pair-impossible", "The same, where no method can hold", impossible, wrongPair);

function drawFamily({ draw }: Law, models: number, n: number, random: Random): readonly Sample[] {
  const results = many(models, () => many(n, () => draw(random)[0]));
  return results.flatMap((a, index) => results.slice(index + 1).map((b) => ({ a, b })));
}
const alike = symmetric.slice(0, 5);
for (const [models, count] of [
  [6, trials / 2],
  [20, trials / 20],
] as const)
  printBySize(
    `family-${models}`,
    `${models} equal models, a planned number n: any pair called better or worse`,
    alike,
    (law, n, random) => countTrials(count, () => isDecided(drawFamily(law, models, n, random), settings)),
  );

/** Whether a verdict is said at any of the looks. */
function isEverDecided(samples: readonly Sample[], looks: readonly number[]): boolean {
  return looks.some((n) =>
    isDecided(
      samples.map(({ a, b }) => ({ a: a.slice(0, n), b: b.slice(0, n) })),
      anytime,
    ),
  );
}
const everyLook = Array.from({ length: 48 }, (_, index) => index + 3);

/** Five repetitions, then as many as the plan says for an even chance, until it says none or 200 have run. */
function isDecidedAsAdvised(law: Law, models: number, random: Random): boolean {
  const rows = many<number[]>(models, () => []);
  const pairs = () => rows.flatMap((a, index) => rows.slice(index + 1).map((b) => ({ a: [...a], b: [...b] })));
  let n = 5;
  while (n <= 200) {
    for (const row of rows) while (row.length < n) row.push(law.draw(random)[0]);
    const samples = pairs();
    const judged = verdictsOn(samples, anytime);
    if (judged.some(({ verdict }) => verdict === "better" || verdict === "worse")) return true;
    const leader = judged.findIndex(({ p }) => p === Math.min(...judged.map((each) => each.p ?? 1)));
    const { a, b } = samples[leader] ?? { a: [], b: [] };
    const plan = planFor(
      a.map((value, index) => value - (b[index] ?? Number.NaN)),
      0,
      judged[leader]?.factor,
    );
    if (plan?.even === undefined) return false;
    n += plan.even;
  }
  return false;
}

printTable(
  "looks",
  "Equal models, looked at again and again: ever called better or worse",
  [
    "results",
    "pair, every n from 3 to 50",
    "pair, n = 5, 10, 20, 50",
    "6 models, every n",
    "pair, as advised",
    "6 models, as advised",
  ],
  () =>
    alike.map((law) => {
      const random = seededRandom(3);
      const pair = () => [drawSample(law, 50, random)];
      return [
        law.name,
        countTrials(trials / 10, () => isEverDecided(pair(), everyLook)),
        countTrials(trials / 5, () => isEverDecided(pair(), [5, 10, 20, 50])),
        countTrials(trials / 50, () => isEverDecided(drawFamily(law, 6, 50, random), everyLook)),
        countTrials(trials / 20, () => isDecidedAsAdvised(law, 2, random)),
        countTrials(trials / 50, () => isDecidedAsAdvised(law, 6, random)),
      ];
    }),
);

printTable(
  "power",
  "Repetitions until a verdict, normal differences: with 50, 80 and 90 % of experiments",
  ["true difference, in standard deviations", "planned number", "looking at every n", "ratio"],
  () =>
    [0.5, 1, 2, 3].map((effect) => {
      const random = seededRandom(8);
      const count = Math.round(trials / 10);
      const drawn = many(count, () => many(150, () => normal(random) + effect));
      const zeros = (n: number) => new Array<number>(n).fill(0);
      const shares = [0.5, 0.8, 0.9];
      const planned = shares.map((share) => {
        for (let n = 2; n <= 60; n++) {
          const hits = drawn.filter((row) => signFlipEvidence(row.slice(0, n), zeros(n), 0).p <= 0.05).length;
          if (hits >= share * count) return n;
        }
        return Infinity;
      });
      const first = drawn
        .map(
          (row) => row.findIndex((_, index) => index > 4 && anytimeEvidence(row.slice(0, index + 1), 0).p <= 0.05) + 1,
        )
        .map((n) => (n === 0 ? Infinity : n))
        .sort((one, other) => one - other);
      const looked = shares.map((share) => first[Math.ceil(share * count) - 1] ?? Infinity);
      return [
        String(effect),
        planned.join(", "),
        looked.join(", "),
        looked.map((n, index) => (n / (planned[index] ?? Number.NaN)).toFixed(2)).join(", "),
      ];
    }),
);

const holds = (truth: number, interval: Interval | undefined) =>
  interval !== undefined && interval.low <= truth && interval.high >= truth;
const holdsZero = (evidence: Evidence) => holds(0, evidence.interval);
printBySize(
  "interval-planned",
  "95 % interval of the difference of two equal models holds 0, planned",
  alike,
  (law, n, random) =>
    countTrials(trials / 2, () => {
      const { a, b } = drawSample(law, n, random);
      return holdsZero(signFlipEvidence(a, b, 0));
    }),
);
printBySize(
  "interval-mean",
  "95 % interval of a model's mean holds it",
  [
    same("normal", normal),
    same("heavy-tailed (Student, 3 degrees of freedom)", student3),
    same("skewed (lognormal, less its mean)", (random) => lognormal(random) - 1),
    same("10 % at 2.3, else 0.3, less the mean", (random) => (random() < 0.1 ? 1.8 : -0.2) + 0.02 * normal(random)),
  ],
  (law, n, random) => countTrials(trials / 2, () => holds(0, meanInterval(many(n, () => law.draw(random)[0])))),
);

/** The chance that the plan states, and how often it came true. */
function planRow(
  drawEffect: (random: Random) => number,
  pilot: number,
  factor: number,
  draw: (random: Random) => number,
  seed: number,
) {
  const random = seededRandom(seed);
  const counts = { planned: 0, even: 0, likely: 0, saidLikely: 0, none: 0, reached: 0, chance: 0 };
  for (let trial = 0; trial < trials / 20; trial++) {
    const effect = drawEffect(random);
    const drawOne = () => draw(random) + effect;
    const seen = many(pilot, drawOne);
    if (anytimeEvidence(seen, 0).p * factor <= 0.05) continue;
    const plan = planFor(seen, 0, factor);
    if (plan === undefined) continue;
    counts.planned++;
    counts.chance += plan.chance;
    const all = [...seen, ...many(plan.horizon, drawOne)];
    const isReached = (more: number) => anytimeEvidence(all.slice(0, pilot + more), 0).p * factor <= 0.05;
    if (isReached(plan.horizon)) counts.reached++;
    if (plan.even === undefined) counts.none++;
    else if (isReached(plan.even)) counts.even++;
    if (plan.likely !== undefined) {
      counts.saidLikely++;
      if (isReached(plan.likely)) counts.likely++;
    }
  }
  const { planned, none, even, likely, saidLikely, reached, chance } = counts;
  return [
    percent(even, planned - none),
    percent(likely, saidLikely),
    percent(chance, planned),
    percent(reached, planned),
    percent(none, planned),
  ];
}
const planHeader = ["after 50 %", "after 80 %", "chance said for 200 more", "came true", "no number said"];
printTable(
  "plan-prior",
  "Plans, over effects from their prior: a verdict came after as many as were said",
  ["pilot", ...planHeader],
  () =>
    [3, 5, 10].flatMap((pilot) =>
      [1, 15].map((factor) => [
        `${pilot}, ${factor === 1 ? "a pair" : "one of 15"}`,
        ...planRow(normal, pilot, factor, normal, 40 + pilot),
      ]),
    ),
);
printTable("plan-effect", "Plans after 5, for a fixed effect", ["effect", ...planHeader], () =>
  [0.2, 0.5, 1].flatMap((effect) =>
    [
      { name: "normal", draw: normal },
      { name: "lognormal", draw: (random: Random) => (lognormal(random) - lognormal(random)) / 1.85 },
    ].flatMap(({ name, draw }) =>
      [1, 15].map((factor) => [
        `${effect}, ${name}, ${factor === 1 ? "a pair" : "one of 15"}`,
        ...planRow(() => effect, 5, factor, draw, 50),
      ]),
    ),
  ),
);

const failing: readonly (Law & { readonly how: string })[] = [
  {
    name: "equal models",
    how: "30 % fail in both, by chance",
    draw: (random) => [random() < 0.3 ? Number.NaN : normal(random), random() < 0.3 ? Number.NaN : normal(random)],
  },
  {
    name: "equal models",
    how: "30 % fail in A only",
    draw: (random) => [random() < 0.3 ? Number.NaN : normal(random), normal(random)],
  },
  {
    name: "equal models",
    how: "A fails where its loss is high",
    draw: (random) => {
      const a = normal(random);
      return [a > 0.5 ? Number.NaN : a, normal(random)];
    },
  },
  {
    name: "both diverge in 30 %, to 2.3",
    how: "A's divergences are NaN",
    draw: (random) => {
      const one = () => (random() < 0.3 ? 2.3 : 0.3) + 0.01 * normal(random);
      const [a, b] = [one(), one()];
      return [a > 1 ? Number.NaN : a, b];
    },
  },
];
printTable(
  "failures",
  "Models that fail: A called better",
  ["models", "how they fail", ...[6, 10, 20, 50].map((n) => `n = ${n}`), "every look"],
  () =>
    failing.map((law) => {
      const random = seededRandom(12);
      const isBetter = (n: number, how: PairSettings) =>
        verdictsOn([drawSample(law, n, random)], how)[0]?.verdict === "better";
      return [
        law.name,
        law.how,
        ...[6, 10, 20, 50].map((n) => countTrials(trials / 5, () => isBetter(n, settings))),
        countTrials(trials / 20, () => {
          const { a, b } = drawSample(law, 50, random);
          return everyLook.some(
            (n) => verdictsOn([{ a: a.slice(0, n), b: b.slice(0, n) }], anytime)[0]?.verdict === "better",
          );
        }),
      ];
    }),
);

printTable(
  "folds",
  "Two equal models under cross-validation, results of all folds correlated by 1/k",
  ["k", "called better or worse", "if the correlation were ignored"],
  () =>
    [5, 10].map((k) => {
      const drawFolds = (random: Random) => {
        const shared = Math.sqrt(1 / k) * normal(random);
        return many(k, () => shared + Math.sqrt(1 - 1 / k) * normal(random));
      };
      const rate = (correlation: number) => {
        const random = seededRandom(k);
        return countTrials(10 * trials, () => foldsEvidence(drawFolds(random), 0, correlation).p <= 0.05);
      };
      return [String(k), rate(1 / k), rate(0)];
    }),
);

printTable(
  "importance",
  "95 % jackknife interval of the importance of an option holds the truth: 3 x 4 pipelines, additive effects",
  ["n", "chance in the variance of the means", "alone", "with interactions"],
  () =>
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
          if (holds(truth, found?.aloneInterval ?? undefined)) held.alone++;
          if (holds(truth, found?.totalInterval ?? undefined)) held.total++;
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
