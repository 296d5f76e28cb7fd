/** The metrics that configurations can name without importing anything. */
import { register } from "@ml-mosaic/configurable";
import { MssimMetric } from "./mssim.ts";
import { DiceMetric, IouMetric, PrecisionMetric, RecallMetric } from "./overlap-metrics.ts";
import { AveragePrecisionMetric, RocAucMetric } from "./ranking-metrics.ts";

register(DiceMetric, IouMetric, PrecisionMetric, RecallMetric, RocAucMetric, AveragePrecisionMetric, MssimMetric);
