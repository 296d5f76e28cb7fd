/** The metrics of `@ml-mosaic/tensor`, with scikit-learn's definitions. */
import { configurable, float, literal, register, schema, typedConfigurable } from "@ml-mosaic/configurable";
import { metrics } from "@ml-mosaic/tensor";
import { BaseMetric } from "./base-metric.ts";
import { count } from "./number-types.ts";

/** Metrics that any package may use; others of the same name go before them. */
export abstract class GenericMetric extends typedConfigurable({}, BaseMetric) {}

const threshold = {
  threshold: schema(float, {
    default: 0.5,
    help: "A single score above it predicts class 1: 0.5 suits probabilities, 0 logits",
  }),
};

class Accuracy extends configurable(threshold, GenericMetric) {
  static override readonly aliases = ["accuracy"];
  override build(): metrics.Metric {
    return metrics.accuracy({ threshold: this.threshold });
  }
}

class TopKAccuracy extends configurable({ k: schema(count) }, GenericMetric) {
  static override readonly aliases = ["top_k_accuracy"];
  override build(): metrics.Metric {
    return metrics.topKAccuracy({ k: this.k });
  }
}

const averaged = {
  ...threshold,
  average: schema(literal("binary", "macro", "micro", "none"), {
    default: "binary",
    help: "Of class 1; mean over classes; of all classes together; or one number for each",
  }),
};

class Precision extends configurable(averaged, GenericMetric) {
  static override readonly aliases = ["precision"];
  override build(): metrics.Metric {
    const { average, threshold } = this;
    return average === "none" ? metrics.precision({ average, threshold }) : metrics.precision({ average, threshold });
  }
}

class Recall extends configurable(averaged, GenericMetric) {
  static override readonly aliases = ["recall"];
  override build(): metrics.Metric {
    const { average, threshold } = this;
    return average === "none" ? metrics.recall({ average, threshold }) : metrics.recall({ average, threshold });
  }
}

class F1 extends configurable(averaged, GenericMetric) {
  static override readonly aliases = ["f1"];
  override build(): metrics.Metric {
    const { average, threshold } = this;
    return average === "none" ? metrics.f1({ average, threshold }) : metrics.f1({ average, threshold });
  }
}

class ConfusionMatrix extends configurable(threshold, GenericMetric) {
  static override readonly aliases = ["confusion_matrix"];
  override build(): metrics.Metric {
    return metrics.confusionMatrix({ threshold: this.threshold });
  }
}

const ranked = { average: schema(literal("macro", "none"), { default: "macro" }) };

class RocAuc extends configurable(ranked, GenericMetric) {
  static override readonly aliases = ["roc_auc"];
  override build(): metrics.Metric {
    return this.average === "none" ? metrics.rocAuc({ average: "none" }) : metrics.rocAuc();
  }
}

class AveragePrecision extends configurable(ranked, GenericMetric) {
  static override readonly aliases = ["average_precision"];
  override build(): metrics.Metric {
    return this.average === "none" ? metrics.averagePrecision({ average: "none" }) : metrics.averagePrecision();
  }
}

class MeanAbsoluteError extends configurable({}, GenericMetric) {
  static override readonly aliases = ["mean_absolute_error", "mae"];
  override build(): metrics.Metric {
    return metrics.meanAbsoluteError();
  }
}

class R2Score extends configurable({}, GenericMetric) {
  static override readonly aliases = ["r2_score", "r2"];
  override build(): metrics.Metric {
    return metrics.r2Score();
  }
}

register(
  Accuracy,
  TopKAccuracy,
  Precision,
  Recall,
  F1,
  ConfusionMatrix,
  RocAuc,
  AveragePrecision,
  MeanAbsoluteError,
  R2Score,
);
