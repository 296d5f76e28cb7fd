"""Trials of an empty objective, kept in SQLite: what the bookkeeping of python3-optuna costs. Prints one JSON line."""
import json
import sys
import time

import optuna

database, trials = sys.argv[1], int(sys.argv[2])
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(storage=f"sqlite:///{database}", sampler=optuna.samplers.RandomSampler(seed=0))
start = time.perf_counter()
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=trials)
seconds = time.perf_counter() - start
print(json.dumps({"version": optuna.__version__, "trials": trials, "seconds": seconds}))
