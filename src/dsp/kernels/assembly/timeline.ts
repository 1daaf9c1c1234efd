// What a column of a waveform shows: its lowest and highest sample and its energy.

/** Lowers f32 0, raises f32 1 and adds to f32 2 at `column`: lowest, highest sample, Σ squares of `frames` frames. */
export function extendColumn(samples: usize, frames: i32, column: usize): void {
  let low = f32x4.splat(load<f32>(column));
  let high = f32x4.splat(load<f32>(column, 4));
  let squares = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= frames; i += 4) {
    const v = v128.load(samples + (<usize>i << 2));
    low = f32x4.pmin(low, v);
    high = f32x4.pmax(high, v);
    squares = f32x4.add(squares, f32x4.mul(v, v));
  }
  let least = min(min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)), min(f32x4.extract_lane(low, 2), f32x4.extract_lane(low, 3)));
  let most = max(max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)), max(f32x4.extract_lane(high, 2), f32x4.extract_lane(high, 3)));
  let sum = f32x4.extract_lane(squares, 0) + f32x4.extract_lane(squares, 1) + f32x4.extract_lane(squares, 2) + f32x4.extract_lane(squares, 3);
  for (; i < frames; i++) {
    const sample = load<f32>(samples + (<usize>i << 2));
    least = min(least, sample);
    most = max(most, sample);
    sum += sample * sample;
  }
  store<f32>(column, least);
  store<f32>(column, most, 4);
  store<f32>(column, load<f32>(column, 8) + sum, 8);
}
