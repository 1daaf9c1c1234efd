#!/bin/sh
# Builds the reference tool of DeepFilterNet (Rust, tract) that bench/denoise.ts runs against, into bench/.peers.
# usage: deep-filter.sh SOURCE MODELS
#   SOURCE  a checkout of DeepFilterNet's repository at 0.5.7-pre; its Cargo.lock pins what is built
#   MODELS  the folder that holds enc.onnx, erb_dec.onnx, df_dec.onnx and config.ini of DeepFilterNet3
# The training parts (which need HDF5, Python and a display) are left out, and no model is compiled in.
# Needs cargo (tried with 1.95), and half an hour on two busy cores.
set -eu
target=$(cd "$(dirname "$0")/.." && pwd)/.peers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$1/libDF" "$1/Cargo.toml" "$1/Cargo.lock" "$work"
cd "$work"
sed -i '/"pyDF",/d; /"pyDF-data",/d; /"ladspa",/d; /"demo",/d' Cargo.toml
sed -i '/^hdf5 = /d; /dep:hdf5/d; /^hdf5-static/d' libDF/Cargo.toml
cargo build --release -p deep_filter --bin deep-filter --no-default-features --features bin,tract,wav-utils,transforms
mkdir -p "$target"
cp "${CARGO_TARGET_DIR:-target}/release/deep-filter" "$target/deep-filter"
tar czhf "$target/deepfilternet3.tar.gz" -C "$2" config.ini enc.onnx erb_dec.onnx df_dec.onnx
