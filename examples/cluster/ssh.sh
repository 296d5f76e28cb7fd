#!/usr/bin/env bash
# Starts a worker on each machine that is named, by ssh; project and spool folder lie at the same paths there.
# usage: ssh.sh PROJECT SPOOL HOST…
set -euo pipefail
project=$1 spool=$2
shift 2
for host in "$@"; do
  ssh "$host" "cd '$project' && nohup npx mosaic worker '$spool' >'$spool/$host.out' 2>&1 </dev/null &"
done
