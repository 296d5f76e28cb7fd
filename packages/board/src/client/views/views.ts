/** The views by their names. */
import type { ComponentType } from "preact";
import type { Board } from "../state/board.ts";
import type { ViewName } from "../state/page-state.ts";
import { CurvesView } from "./curves/curves-view.ts";
import { FailuresView } from "./failures-view.ts";
import { MapsView } from "./maps/maps-view.ts";
import { OverviewView } from "./overview-view.ts";
import { RunView } from "./run/run-view.ts";
import { RunsView } from "./runs/runs-view.ts";
import { ScatterView } from "./scatter-view.ts";
import { SpaceView } from "./space/space-view.ts";
import { VerdictsView } from "./verdicts/verdicts-view.ts";

export const views: Readonly<Record<ViewName, ComponentType<{ readonly board: Board }>>> = {
  overview: OverviewView,
  runs: RunsView,
  curves: CurvesView,
  verdicts: VerdictsView,
  space: SpaceView,
  scatter: ScatterView,
  failures: FailuresView,
  run: RunView,
  maps: MapsView,
};
