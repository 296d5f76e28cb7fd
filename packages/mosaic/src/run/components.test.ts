import { schedulers } from "@ml-mosaic/tensor";
import { describe, expect, test } from "vitest";
import { runSettings } from "../config/run-settings.ts";
import { buildScheduler, vocabulary } from "./components.ts";

/** The rates of the first steps, or epochs, of what a configuration file says. */
async function rates(texts: Readonly<Record<string, string>>, count: number): Promise<readonly number[]> {
  const settings = await runSettings({ lr: "0.1", epochs: "1", ...texts }, "/", vocabulary);
  if (settings.scheduler === undefined) throw new Error("there is no scheduler");
  return ratesOf(buildScheduler(settings.scheduler), count);
}

function ratesOf(scheduler: schedulers.Scheduler, count: number): readonly number[] {
  let state = scheduler.start;
  return Array.from({ length: count }, () => {
    const rate = scheduler.lr(state, 0.1);
    state = scheduler.next(state, Number.NaN);
    return rate;
  });
}

describe("schedulers of a configuration file", () => {
  test("are all that the engine has, but for those made of others", () => {
    const composed = ["ChainedScheduler", "SequentialLR", "perStep"];
    const known = Object.keys(schedulers).filter((name) => !composed.includes(name));
    expect(Object.keys(vocabulary.schedulers).sort()).toEqual(known.sort());
  });

  test("OneCycleLR has the engine's defaults", async () => {
    const texts = { scheduler: "OneCycleLR", "scheduler.max_lr": "0.2", "scheduler.total_steps": "10" };
    expect(await rates(texts, 10)).toEqual(ratesOf(schedulers.OneCycleLR({ maxLr: 0.2, totalSteps: 10 }), 10));
  });

  test("OneCycleLR takes all of its options", async () => {
    const texts = {
      scheduler: "OneCycleLR",
      "scheduler.max_lr": "0.2",
      "scheduler.total_steps": "12",
      "scheduler.pct_start": "0.25",
      "scheduler.anneal_strategy": "linear",
      "scheduler.div_factor": "10",
      "scheduler.final_div_factor": "100",
      "scheduler.three_phase": "True",
    };
    const wanted = schedulers.OneCycleLR({
      maxLr: 0.2,
      totalSteps: 12,
      pctStart: 0.25,
      annealStrategy: "linear",
      divFactor: 10,
      finalDivFactor: 100,
      threePhase: true,
    });
    expect(await rates(texts, 12)).toEqual(ratesOf(wanted, 12));
  });

  test("OneCycleLR does not go on beyond the steps it was made for", async () => {
    const texts = { scheduler: "OneCycleLR", "scheduler.max_lr": "0.2", "scheduler.total_steps": "3" };
    await expect(rates(texts, 4)).rejects.toThrow("step 4 comes after the 3 steps");
  });
});
