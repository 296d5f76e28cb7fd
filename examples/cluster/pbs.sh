#!/usr/bin/env bash
# PBS: qsub -J 0-49 -v PROJECT=/shared/me/project,SPOOL=/shared/me/spool pbs.sh
#PBS -N mosaic-worker
#PBS -l select=1:ncpus=1:mem=4gb
#PBS -l walltime=04:00:00
#PBS -r y
#PBS -j oe
# PBS sends SIGTERM before it kills: the run is left in the middle, for another worker.
cd "$PROJECT"
exec node_modules/.bin/mosaic worker "$SPOOL"
