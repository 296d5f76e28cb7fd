"""Trains a forest of scikit-learn on two moons, and reports every epoch, five trees more, in a line."""
import argparse, csv, json, os, pickle
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss

parser = argparse.ArgumentParser()
parser.add_argument("--data")
parser.add_argument("--depth", type=int)
parser.add_argument("--epochs", type=int)
parser.add_argument("--seed", type=int)
options = parser.parse_args()

with open(options.data) as file:
    rows = [(float(x), float(y), int(label)) for x, y, label in csv.reader(file)]
parts = {"train": rows[:300], "test": rows[300:]}

forest = RandomForestClassifier(max_depth=options.depth, random_state=options.seed, warm_start=True)
for epoch in range(1, options.epochs + 1):
    train = parts["train"]
    forest.set_params(n_estimators=5 * epoch).fit([row[:2] for row in train], [row[2] for row in train])
    report = {"mosaic": 1, "epoch": epoch}
    for name, part in parts.items():
        points, labels = [row[:2] for row in part], [row[2] for row in part]
        report[name + "_loss"] = log_loss(labels, forest.predict_proba(points))
        report[name + "_acc"] = 100 * forest.score(points, labels)
    print(json.dumps(report))

with open(os.path.join(os.environ["MOSAIC_FILES"], "forest.pkl"), "wb") as file:
    pickle.dump(forest, file)
