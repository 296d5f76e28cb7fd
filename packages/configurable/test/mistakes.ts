// Configurations of `Training` that are wrong, and all that is said of each where it lies in the file c.yaml.

/** The whole text of a file. */
const file = (text: string): string => text;

/** What comes after the options that a trainer needs, from line 5. */
const trainer = (text: string): string => `trainer:
  output_dir: ./results
  run_name: first
  model: { type: cnn }
  ${text}
`;

type Mistake = readonly [what: string, text: string, messages: readonly string[]];

export const mistakes: readonly Mistake[] = [
  [
    "a name with a letter missing",
    trainer("epoch: 3"),
    ['c.yaml:5:3: trainer.epoch: unknown option; did you mean "epochs"?'],
  ],
  [
    "a name that is none",
    trainer("seed: 3"),
    [
      "c.yaml:5:3: trainer.seed: unknown option, expected output_dir, run_name, model, optimizer, loss, early_stopping, epochs, batch_size, shuffle, weights, metrics, callbacks, notes",
    ],
  ],
  [
    "an integer with a fraction",
    trainer("epochs: 2.5"),
    ["c.yaml:5:3: trainer.epochs: expected an integer above 0, got 2.5"],
  ],
  [
    "a number that is too small",
    trainer("epochs: 0"),
    ["c.yaml:5:3: trainer.epochs: expected an integer above 0, got 0"],
  ],
  ["a number in quotes", trainer('epochs: "3"'), ['c.yaml:5:3: trainer.epochs: expected an integer above 0, got "3"']],
  [
    "nothing where something is needed",
    trainer("epochs:"),
    ["c.yaml:5:3: trainer.epochs: expected an integer above 0, got null"],
  ],
  [
    "a list where a number is needed",
    trainer("epochs: [3]"),
    ["c.yaml:5:3: trainer.epochs: expected an integer above 0, got [ 3 ]"],
  ],
  [
    "a number with underscores",
    trainer("epochs: 1_000"),
    ['c.yaml:5:3: trainer.epochs: expected an integer above 0, got "1_000"'],
  ],
  [
    "an integer that no float64 holds",
    trainer("epochs: 99999999999999999999"),
    ["c.yaml:5:3: trainer.epochs: expected an integer above 0, got 100000000000000000000"],
  ],
  [
    "yes for true, which YAML 1.2 reads as text",
    trainer("shuffle: yes"),
    ['c.yaml:5:3: trainer.shuffle: expected true or false, got "yes"'],
  ],
  ["1 for true", trainer("shuffle: 1"), ["c.yaml:5:3: trainer.shuffle: expected true or false, got 1"]],
  [
    "a literal with a slip",
    trainer("loss: BCEE"),
    ['c.yaml:5:3: trainer.loss: expected one of "bce", "dice", "bce_dice", got "BCEE"; did you mean "bce"?'],
  ],
  [
    "a literal that is none",
    trainer("loss: mse"),
    ['c.yaml:5:3: trainer.loss: expected one of "bce", "dice", "bce_dice", got "mse"'],
  ],
  [
    "a union: a number that is too small",
    trainer("batch_size: -4"),
    ['c.yaml:5:3: trainer.batch_size: expected an integer above 0 or "auto", got -4'],
  ],
  [
    "a union: a text that is none of its literals",
    trainer("batch_size: automatic"),
    ['c.yaml:5:3: trainer.batch_size: expected an integer above 0 or "auto", got "automatic"'],
  ],
  [
    "a list for a map",
    trainer("weights: [1, 2]"),
    ["c.yaml:5:3: trainer.weights: expected a map (each value a number), got [ 1, 2 ]"],
  ],
  [
    "a value in a map",
    trainer("weights: { a: 1, b: heavy }"),
    ['c.yaml:5:20: trainer.weights.b: expected a number, got "heavy"'],
  ],
  [
    "a bare type for a component",
    trainer("optimizer: adam"),
    ['c.yaml:5:3: trainer.optimizer: expected { type: Adam }, got "adam"'],
  ],
  [
    "a number for a component",
    trainer("optimizer: 3"),
    ["c.yaml:5:3: trainer.optimizer: expected a map of options of BaseOptimizer, with a type, got 3"],
  ],
  [
    "a type with letters changed about",
    trainer("optimizer: { type: adma }"),
    ['c.yaml:5:16: trainer.optimizer.type: expected one of "Adam", "Sgd", got "adma"; did you mean "Adam"?'],
  ],
  [
    "a type that is a number",
    trainer("optimizer: { type: 3 }"),
    ['c.yaml:5:16: trainer.optimizer.type: expected one of "Adam", "Sgd", got 3'],
  ],
  [
    "a type of another base class",
    trainer("optimizer: { type: cnn }"),
    ['c.yaml:5:16: trainer.optimizer.type: expected one of "Adam", "Sgd", got "cnn"'],
  ],
  [
    "an option of a component",
    trainer("optimizer: { type: adam, lr: fast }"),
    ['c.yaml:5:28: trainer.optimizer.lr: expected a number, got "fast"'],
  ],
  [
    "an option under its alias, of the default type",
    trainer("optimizer: { learning_rate: fast }"),
    ['c.yaml:5:16: trainer.optimizer.learning_rate: expected a number, got "fast"'],
  ],
  ["NaN", trainer("optimizer: { lr: .nan }"), ["c.yaml:5:16: trainer.optimizer.lr: expected a number, got NaN"]],
  [
    "an option of another type's",
    trainer("optimizer: { type: adam, momentum: 0.9 }"),
    ["c.yaml:5:28: trainer.optimizer.momentum: unknown option (Sgd has it), expected type, lr, betas"],
  ],
  [
    "items of a list inside a component",
    trainer("optimizer:\n    type: adam\n    betas: [0.9, x, y]"),
    [
      'c.yaml:7:18: trainer.optimizer.betas[1]: expected a number, got "x"',
      'c.yaml:7:21: trainer.optimizer.betas[2]: expected a number, got "y"',
    ],
  ],
  [
    "a precondition that throws",
    trainer("optimizer: { betas: [0.9] }"),
    ["c.yaml:5:3: trainer.optimizer: betas are two numbers, got 1"],
  ],
  [
    "a boolean for a component",
    trainer("early_stopping: true"),
    ["c.yaml:5:3: trainer.early_stopping: expected a map of options of EarlyStopping, got true"],
  ],
  [
    "two mistakes in one component",
    trainer("early_stopping: { patience: 0, delta: 1 }"),
    [
      "c.yaml:5:21: trainer.early_stopping.patience: expected an integer above 0, got 0",
      "c.yaml:5:34: trainer.early_stopping.delta: unknown option, expected patience, min_delta",
    ],
  ],
  [
    "a component for a list of them",
    trainer("metrics: { type: dice }"),
    [
      "c.yaml:5:3: trainer.metrics: expected a list (each item a map of options of BaseMetric, with a type), got { type: 'dice' }",
    ],
  ],
  [
    "a type where no class was registered",
    trainer("metrics: [{ type: dice }]"),
    [
      'c.yaml:5:15: trainer.metrics[0].type: expected a BaseMetric, but none is known: import a file that calls register(…), got "dice"',
    ],
  ],
  [
    "no type where no class was registered",
    trainer("metrics: [{}]"),
    [
      "c.yaml:5:13: trainer.metrics[0].type: missing, expected a BaseMetric, but none is known: import a file that calls register(…)",
    ],
  ],
  [
    "a component in a list in a map",
    trainer("callbacks: { start: [{}, { patience: 3 }, { patience: no }] }"),
    ['c.yaml:5:47: trainer.callbacks.start[2].patience: expected an integer above 0, got "no"'],
  ],
  [
    "a precondition over several options",
    trainer("epochs: 5000\n  batch_size: 3"),
    ["c.yaml:1:1: trainer: a thousand epochs need batch_size: auto"],
  ],
  [
    "a missing option",
    file("trainer:\n  run_name: first\n  model: { type: cnn }"),
    ["c.yaml:1:1: trainer.output_dir: missing, expected a path"],
  ],
  [
    "a missing component",
    file("trainer: { output_dir: a, run_name: b }"),
    ["c.yaml:1:1: trainer.model: missing, expected a map of options of BaseModel, with a type"],
  ],
  [
    "three mistakes: a path, a text, a missing type",
    file("trainer: { output_dir: '', run_name: 3, model: {} }"),
    [
      'c.yaml:1:12: trainer.output_dir: expected a path, got ""',
      "c.yaml:1:28: trainer.run_name: expected a string, got 3",
      'c.yaml:1:41: trainer.model.type: missing, expected one of "cnn", "deep", "Ensemble"',
    ],
  ],
  [
    "a misspelt type",
    file("trainer: { output_dir: a, run_name: b, model: { tpye: cnn } }"),
    [
      'c.yaml:1:40: trainer.model.type: missing, expected one of "cnn", "deep", "Ensemble"',
      'c.yaml:1:49: trainer.model.tpye: unknown option; did you mean "type"?',
    ],
  ],
  [
    "preconditions of an option and of the whole",
    file("trainer: { output_dir: a, run_name: b, model: { type: deep, depth: 2000 } }"),
    [
      "c.yaml:1:40: trainer.model: no machine holds this",
      "c.yaml:1:61: trainer.model.depth: must be at most filters (32)",
    ],
  ],
  [
    "components inside components inside components",
    file(
      "trainer:\n  output_dir: a\n  run_name: b\n  model:\n    type: ensemble\n    members:\n      - { type: cnn, filters: x }\n      - type: ensemble\n        members: [{ type: deep }]",
    ),
    [
      'c.yaml:7:22: trainer.model.members[0].filters: expected an integer, got "x"',
      "c.yaml:9:19: trainer.model.members[1].members[0].depth: missing, expected an integer",
    ],
  ],
  ["an empty file", file(""), ["c.yaml:1:1: trainer: missing, expected a map of options of Trainer"]],
  [
    "mistakes at the top",
    file("imports: ./my.ts\ntrainer: 3\nextra:"),
    [
      'c.yaml:1:1: imports: expected a list (each item a path such as ./my-model.ts, or a package), got "./my.ts"',
      "c.yaml:2:1: trainer: expected a map of options of Trainer, got 3",
      "c.yaml:3:1: extra: unknown option, expected imports, trainer",
    ],
  ],
  [
    "a number among imports",
    file("imports: [./a.ts, 3]\ntrainer: { output_dir: a, run_name: b, model: { type: cnn } }"),
    ["c.yaml:1:19: imports[1]: expected a path such as ./my-model.ts, or a package, got 3"],
  ],
  [
    "mistakes in what is merged and beside it",
    file("base: &base\n  optimizer: { lr: fast }\ntrainer:\n  <<: *base\n  epochs: x"),
    [
      "c.yaml:1:1: base: unknown option, expected imports, trainer",
      'c.yaml:2:16: trainer.optimizer.lr: expected a number, got "fast"',
      "c.yaml:3:1: trainer.output_dir: missing, expected a path",
      "c.yaml:3:1: trainer.run_name: missing, expected a string",
      "c.yaml:3:1: trainer.model: missing, expected a map of options of BaseModel, with a type",
      'c.yaml:5:3: trainer.epochs: expected an integer above 0, got "x"',
    ],
  ],
];

/** Files that are no YAML, or none that holds options. */
export const yamlFaults: readonly Mistake[] = [
  ["a list at the top", file("- trainer"), ["c.yaml: the top is no map: write one option a line, as name: value"]],
  [
    "names that are there twice",
    file("trainer: {}\nimports: []\ntrainer:\n  epochs: 3\n  epochs: 4"),
    [
      'c.yaml:3:1: "trainer" is already in line 1: remove one of the two',
      'c.yaml:5:3: "epochs" is already in line 4: remove one of the two',
    ],
  ],
  [
    "a tab for indentation",
    file("trainer:\n\tepochs: 3"),
    ["c.yaml:2:1: Tabs are not allowed as indentation: indent with spaces"],
  ],
  [
    "too deep an indentation",
    file("trainer:\n  epochs: 3\n    lr: 4"),
    [
      "c.yaml:2:11: a map cannot begin here: indent the names of one map alike, and put text that has a colon in quotes",
    ],
  ],
  [
    "a bracket that is not closed",
    file("trainer: { epochs: 3"),
    [
      "c.yaml:1:21: Flow map in block collection must be sufficiently indented and end with a }: indent the items of one list or map alike, and close every bracket",
    ],
  ],
  ["a quote that is not closed", file('trainer: { run_name: "a }'), ['c.yaml:1:26: Missing closing "quote: add it']],
  [
    "an alias of nothing",
    file("trainer: *usual"),
    ["c.yaml:1:10: *usual refers to nothing: mark what is meant with &usual before it"],
  ],
  [
    "an alias of what it is in",
    file("trainer: &a { metrics: [*a] }"),
    ["c.yaml:1:25: *a is inside of what it refers to: write out what is meant"],
  ],
  [
    "a tag of Python",
    file("trainer: !!python/object 3"),
    ["c.yaml:1:10: Unresolved tag: tag:yaml.org,2002:python/object: remove the tag, or put the text in quotes"],
  ],
  [
    "several documents in a file",
    file("a: 1\n---\nb: 2"),
    ["c.yaml:2:1: the file has several documents: keep one configuration a file: remove the line ---"],
  ],
  [
    "text that begins with a reserved character",
    file("trainer: @home"),
    ["c.yaml:1:10: Plain value cannot start with reserved character @: put the text in quotes"],
  ],
  [
    "a list for a name",
    file("[1, 2]: 3"),
    ["c.yaml:1:1: the name of an option is a list, a map or an alias: write a plain name before the colon"],
  ],
  [
    "a merge of a number",
    file("trainer: { <<: 3 }"),
    ["c.yaml:1:12: << takes a map that was marked before: write <<: *its_mark"],
  ],
];
