#!/usr/bin/env bash
# Workers in a container: sbatch --array=0-49 --export=ALL,PROJECT=/shared/me/project,SPOOL=/shared/me/spool,IMAGE=/shared/me/mosaic.sif apptainer.sh
#SBATCH --job-name=mosaic-worker
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=4:00:00
#SBATCH --requeue
#SBATCH --signal=B:USR2@120
# Two minutes before the time is over the run is left in the middle, for another worker.
cd "$PROJECT"
exec apptainer exec --bind "$PROJECT" --bind "$SPOOL" "$IMAGE" node_modules/.bin/mosaic worker "$SPOOL"
