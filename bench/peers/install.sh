#!/bin/sh
# Installs the peers that bench/loudness.ts and bench/master.ts run against, into bench/.peers (ignored by git).
# Needs gcc, libebur128-dev, ffmpeg and python3-venv, as Debian has them; what is missing is left out of the tables.
set -eu
cd "$(dirname "$0")"
target=../.peers
mkdir -p "$target"
gcc -O2 -o "$target/r128" r128.c -lebur128 -lm
if [ ! -x "$target/venv/bin/python" ]; then python3 -m venv "$target/venv"; fi
"$target/venv/bin/pip" install --quiet matchering==2.0.6 pedalboard==0.9.16 pyloudnorm==0.1.1 ||
  "$target/venv/bin/pip" install --quiet matchering pedalboard pyloudnorm
