"""Trains a forest or a network of scikit-learn on two moons, and reports every epoch in a line."""
import argparse, json, os, pickle
from sklearn.datasets import make_moons
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

parser = argparse.ArgumentParser()
parser.add_argument("model", choices=["forest", "network"])
parser.add_argument("--size", type=int)
parser.add_argument("--epochs", type=int)
parser.add_argument("--seed", type=int)
options = parser.parse_args()

data, labels = make_moons(400, noise=0.3, random_state=options.seed)
train, test, train_labels, test_labels = train_test_split(data, labels, random_state=options.seed)
if options.model == "forest":
    model = RandomForestClassifier(max_depth=options.size, random_state=options.seed, warm_start=True)
else:
    model = MLPClassifier([options.size], learning_rate_init=0.01, random_state=options.seed)

for epoch in range(1, options.epochs + 1):
    if options.model == "forest":
        model.set_params(n_estimators=5 * epoch).fit(train, train_labels)
    else:
        model.partial_fit(train, train_labels, classes=[0, 1])
    report = {"mosaic": 1, "epoch": epoch}
    for name, rows, truth in [("train", train, train_labels), ("test", test, test_labels)]:
        report[name + "_loss"] = log_loss(truth, model.predict_proba(rows))
        report[name + "_acc"] = 100 * model.score(rows, truth)
    print(json.dumps(report))

with open(os.path.join(os.environ["MOSAIC_FILES"], "model.pkl"), "wb") as file:
    pickle.dump(model, file)
