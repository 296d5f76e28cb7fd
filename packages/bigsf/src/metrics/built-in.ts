/** The metrics that configurations can name without importing anything. */
import "./best-threshold.ts";
import "./brier.ts";
import "./mssim.ts";
import "./overlap-metrics.ts";
import "./ranking-metrics.ts";
import "./skeleton-metrics.ts";
