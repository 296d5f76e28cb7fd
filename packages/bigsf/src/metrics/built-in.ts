/** The metrics that configurations can name without importing anything. */
import "./mssim.ts";
import "./overlap-metrics.ts";
import "./ranking-metrics.ts";
