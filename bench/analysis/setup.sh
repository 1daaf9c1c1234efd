#!/usr/bin/env bash
# Prepares the judging and training of the musical analysis in a folder: Python peers, sound fonts, data sets.
#   bash bench/analysis/setup.sh DIR      then: . DIR/env.sh
# Needs apt-get (as root), pip, and the data sets under FORGE_SHARED_DIR (../shared unless set).
set -euo pipefail
dir=$(mkdir -p "$1" && cd "$1" && pwd)
shared=$(cd "${FORGE_SHARED_DIR:-../shared}" && pwd)
apt-get install -y -qq --no-install-recommends fluidsynth fluid-soundfont-gm timgm6mb-soundfont opl3-soundfont \
  csound-soundfont avldrums.lv2-soundfont hydrogen-drumkits
[ -d "$dir/venv" ] || python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q numpy scipy soundfile mido mir_eval librosa essentia onnx onnxruntime torch
[ -d "$dir/groove" ] || tar xzf "$shared/datasets/groove-midi.tar.gz" -C "$dir"
[ -d "$dir/POP909" ] || tar xzf "$shared/datasets/pop909.tar.gz" -C "$dir"
cat > "$dir/env.sh" <<ENV
export WORK=$dir GROOVE=$dir/groove POP909=$dir/POP909 FORGE_SHARED_DIR=$shared PATH=$dir/venv/bin:\$PATH
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
ENV
echo "ready: . $dir/env.sh"
