import { expect, test } from "vitest";
import fixtures from "../../fixtures/schedulers.json" with { type: "json" };
import * as schedulers from "./index.ts";

function build(name: string, options: object): schedulers.Scheduler {
  const {
    StepLR,
    MultiStepLR,
    ExponentialLR,
    LinearLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ReduceLROnPlateau,
  } = schedulers;
  const numbers = { stepSize: 1, gamma: 0.1, milestones: [1], tMax: 1, t0: 1, ...options };
  switch (name) {
    case "StepLR":
      return StepLR(numbers);
    case "MultiStepLR":
      return MultiStepLR(numbers);
    case "ExponentialLR":
      return ExponentialLR(numbers);
    case "LinearLR":
      return LinearLR(options);
    case "CosineAnnealingLR":
      return CosineAnnealingLR(numbers);
    case "CosineAnnealingWarmRestarts":
      return CosineAnnealingWarmRestarts(numbers);
    case "ReduceLROnPlateau":
      return ReduceLROnPlateau(options);
    default:
      throw new Error(`the fixture has ${name}`);
  }
}

test.each(fixtures.map((fixture) => [`${fixture.name} ${JSON.stringify(fixture.options)}`, fixture] as const))(
  "%s follows PyTorch",
  (_title, { name, options, lr, metrics, rates }) => {
    const scheduler = build(name, options);
    let state = scheduler.start;
    for (const [epoch, rate] of rates.entries()) {
      expect(scheduler.lr(state, lr), `epoch ${epoch}`).toBeCloseTo(rate, 10);
      state = scheduler.next(state, Number(metrics?.[epoch] ?? 0));
    }
  },
);
