#!/usr/bin/env bash
# A sweep as an array of jobs. Each task trains every N-th run; a task that is preempted or runs out of time is queued again and goes on where it was.
#
#   sbatch --export=ALL,SWEEP=examples/sweeps/quick.toml,OUT=runs/quick examples/cluster/slurm.sh
#   newton sweep "$SWEEP" --out "$OUT" --list       # how far it is
#
# Submitting it again later is safe: finished runs are skipped.
#SBATCH --job-name=newton
#SBATCH --array=0-15
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --output=newton-%A_%a.log

set -euo pipefail
: "${SWEEP:?the sweep file}" "${OUT:?the directory of the runs, on a file system that all nodes share}"

# All cores of the task, and no more.
export RAYON_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}"

# The array must begin at 0.
exec srun newton sweep "$SWEEP" --out "$OUT" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
