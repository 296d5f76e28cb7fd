import { DataLoader, Generator, randint, randn, randomSplit, TensorDataset } from "@ml-mosaic/tensor";

const generator = new Generator(0);
const features = randn([100, 3], { generator });
const classes = randint(0, 2, [100], { generator }); // int64, as losses of classes take them
const [train, test] = randomSplit(new TensorDataset(features, classes), [0.8, 0.2], { generator });

const loader = new DataLoader(train, { batchSize: 32, shuffle: true });
console.log(`${train.length} + ${test.length} samples, ${loader.length} batches`);
for await (const [x, y] of loader) console.log(String(x), String(y));
