/* The judge of loudness and true peak: libebur128 on a WAV file of 16, 24 or 32-bit integers or 32-bit floats.
   Prints integrated loudness, loudness range, true peak and sample peak, in LUFS, LU and dB. */
#include <ebur128.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_FRAMES 16384

static uint32_t u32(const unsigned char *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  unsigned char head[12], chunk[8], body[64];
  unsigned format = 0, channels = 0, bits = 0, rate = 0;
  uint32_t left = 0;
  if (file == NULL || fread(head, 1, 12, file) != 12) return 2;
  while (left == 0) {
    if (fread(chunk, 1, 8, file) != 8) return 3;
    uint32_t size = u32(chunk + 4);
    if (memcmp(chunk, "data", 4) == 0) {
      left = size;
    } else if (memcmp(chunk, "fmt ", 4) == 0 && size <= sizeof body) {
      if (fread(body, 1, size, file) != size) return 3;
      format = body[0] | body[1] << 8;
      channels = body[2];
      rate = u32(body + 4);
      bits = body[14];
      if (format == 0xfffe) format = body[24];
    } else {
      fseek(file, size + (size & 1), SEEK_CUR);
    }
  }
  ebur128_state *state =
      ebur128_init(channels, rate, EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK | EBUR128_MODE_SAMPLE_PEAK);
  unsigned bytes = bits / 8;
  unsigned char *raw = malloc((size_t)BLOCK_FRAMES * channels * bytes);
  float *samples = malloc((size_t)BLOCK_FRAMES * channels * sizeof *samples);
  while (left >= channels * bytes) {
    size_t want = left / (channels * bytes) < BLOCK_FRAMES ? left / (channels * bytes) : BLOCK_FRAMES;
    size_t got = fread(raw, channels * bytes, want, file);
    if (got == 0) break;
    left -= got * channels * bytes;
    for (size_t i = 0; i < got * channels; i++) {
      const unsigned char *p = raw + i * bytes;
      if (format == 3) memcpy(samples + i, p, 4);
      else if (bits == 16) samples[i] = (int16_t)(p[0] | p[1] << 8) / 32768.f;
      else if (bits == 24) samples[i] = (int32_t)(p[0] << 8 | p[1] << 16 | (uint32_t)p[2] << 24) / 2147483648.f;
      else samples[i] = (int32_t)u32(p) / 2147483648.f;
    }
    ebur128_add_frames_float(state, samples, got);
  }
  double integrated, range, peak, truePeak = 0, samplePeak = 0;
  ebur128_loudness_global(state, &integrated);
  ebur128_loudness_range(state, &range);
  for (unsigned channel = 0; channel < channels; channel++) {
    ebur128_true_peak(state, channel, &peak);
    if (peak > truePeak) truePeak = peak;
    ebur128_sample_peak(state, channel, &peak);
    if (peak > samplePeak) samplePeak = peak;
  }
  printf("I %.4f LRA %.4f TP %.4f SP %.4f\n", integrated, range, 20 * log10(truePeak), 20 * log10(samplePeak));
  return 0;
}
